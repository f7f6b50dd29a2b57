"""What a partial clone lacks of the history that an agent gets, fetched by the host before the session starts.

Git inside could not fetch it: there is no remote there, and no network that may reach one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from scopecraft.errors import GitFailed, RepositoryRefused
from scopecraft.model.text import clean_line
from scopecraft.worktrees.config_copy import Settings, is_true
from scopecraft.worktrees.git import Git

_BATCH = 20_000  # objects for each request: servers and people like to see an end
_ROUNDS = 8  # a fetch of trees brings those below them, so files come in the second round
_SECONDS = 600  # for each request
# As git itself asks a promisor: nothing to be negotiated, no tags, nothing remembered of it.
_FETCH = ("--no-tags", "--no-write-fetch-head", "--recurse-submodules=no", "--filter=blob:none", "--quiet", "--stdin")


def promisors(settings: Settings) -> tuple[str, ...]:
    """The remotes that a partial clone may ask for what it lacks; none for any other repository."""
    named = [settings["extensions.partialclone"]] if "extensions.partialclone" in settings else []
    marked = (key for key in settings if key.startswith("remote.") and key.endswith(".promisor"))
    named += [key.removeprefix("remote.").removesuffix(".promisor") for key in marked if is_true(settings, key)]
    return tuple(dict.fromkeys(name for name in named if name))


def prefetch(git: Git, ids: Iterable[str], remotes: tuple[str, ...], told: Callable[[str], None]) -> None:
    """Fetch everything that the ids lead to and that is missing. `git` is the main repository's.

    Raises RepositoryRefused when it cannot be had.
    """
    wanted = "".join(f"{id_}\n" for id_ in ids).encode()
    for _ in range(_ROUNDS):
        missing = _missing(git, wanted)
        if not missing:
            return
        for start in range(0, len(missing), _BATCH):
            batch = missing[start : start + _BATCH]
            told(f"fetching what the partial clone lacks: {start} of {len(missing)} objects so far")
            _fetch(git, batch, remotes)
    raise _refused("there is no end to what it lacks")


def _missing(git: Git, wanted: bytes) -> list[str]:
    """With `--missing=print` git does not fetch by itself, one object at a time."""
    walked = git.run("rev-list", "--objects", "--quiet", "--missing=print", "--stdin", input=wanted)
    return [line.removeprefix("?") for line in walked.stdout.decode("ascii", "replace").splitlines() if line[:1] == "?"]


def _fetch(git: Git, ids: list[str], remotes: tuple[str, ...]) -> None:
    quiet = git.with_config({"fetch.negotiationAlgorithm": "noop"})
    why = "no remote is named for it"
    for remote in remotes:
        try:
            quiet.run(
                "fetch", remote, *_FETCH, input="".join(f"{id_}\n" for id_ in ids).encode(), timeout_seconds=_SECONDS
            )
        except GitFailed as error:
            why = error.message
        else:
            return
    raise _refused(why)


def _refused(why: str) -> RepositoryRefused:
    return RepositoryRefused(
        f"a partial clone, and what it lacks could not be fetched: {clean_line(why, 300)}",
        "is its remote within reach? sc dispatch works without: its session runs on the host, which fetches as it goes",
    )
