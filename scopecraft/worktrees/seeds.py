"""Which refs an agent finds in its private git directory, and what keeps their objects alive meanwhile.

A mission's own refs stand under `refs/scopecraft/<mission>/`:

    base/<id>      a commit or tag that the private directory borrows; gone after the take-back
    heads/ tags/ stash/<n>   the agent's other branches, tags and stashes: the next session finds them again
    tip  head      work that could not go onto the mission's branch
    old/<id>       what a ref of the mission was before
    notes/ remotes/ other/ unnamed/<id>   the rest
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Set
from dataclasses import dataclass

from scopecraft.errors import GitFailed
from scopecraft.worktrees.git import Git
from scopecraft.worktrees.repository import Repository

MOST_BRANCHES = 200  # local and remote ones together; each costs 0.1 ms
MOST_TAGS = 100
_USUAL = re.compile(r"(?:refs/heads/|refs/remotes/[^/]+/)(?:main|master|trunk|develop|HEAD)")


@dataclass(frozen=True, slots=True)
class Ref:
    id: str  # the object's
    name: str  # full: refs/heads/x


@dataclass(frozen=True, slots=True)
class Seeds:
    """`stash` are the mission's own stashes, newest first; `borrowed` are ids that nothing of the mission keeps yet."""

    refs: tuple[Ref, ...]
    stash: tuple[str, ...] = ()
    borrowed: tuple[str, ...] = ()

    def id_of(self, name: str) -> str | None:
        return next((ref.id for ref in self.refs if ref.name == name), None)

    def without(self, ids: Set[str]) -> Seeds:
        return Seeds(
            refs=tuple(ref for ref in self.refs if ref.id not in ids),
            stash=self.stash,
            borrowed=tuple(id_ for id_ in self.borrowed if id_ not in ids),
        )


def namespace(mission_id: str) -> str:
    return f"refs/scopecraft/{mission_id}/"


def list_refs(git: Git, *patterns: str) -> tuple[Ref, ...]:
    listing = git.text("for-each-ref", "--format=%(objectname) %(refname)", *patterns)
    # names may hold what splitlines takes for line ends
    return tuple(Ref(*line.split(" ", 1)) for line in listing.split("\n") if line)


def read_seeds(repo: Repository, *, mission_id: str, branch: str, is_partial: bool = False) -> Seeds:
    """One git call. The mission's branch is missing from it when it does not exist.

    Of a partial clone no more than the mission needs, since all of it is fetched: its branch and the usual bases.
    """
    own, branch = namespace(mission_id), f"refs/heads/{branch}"
    kept = (own + part for part in ("heads", "tags", "stash", "base"))
    refs = list_refs(repo.git, "refs/heads", "refs/remotes", "refs/tags", *kept)
    if is_partial:
        refs = tuple(ref for ref in refs if ref.name == branch or ref.name.startswith(own) or is_usual(ref.name))
    return choose(refs, own, branch)


def choose(refs: Iterable[Ref], own: str, branch: str) -> Seeds:
    """From all refs those to seed: the mission's branch first, then the usual bases, then others up to the limits.

    A project's ref outranks the mission's own of the same name.
    """
    theirs: list[Ref] = []
    mine: list[Ref] = []
    for ref in refs:
        (mine if ref.name.startswith(own) else theirs).append(ref)
    branches = sorted((ref for ref in theirs if not ref.name.startswith("refs/tags/")), key=lambda r: _rank(r, branch))
    tags = sorted((ref for ref in theirs if ref.name.startswith("refs/tags/")), key=_version, reverse=True)
    project = [*branches[:MOST_BRANCHES], *tags[:MOST_TAGS]]
    taken = {ref.name for ref in theirs}
    own_refs = [
        Ref(ref.id, "refs/" + ref.name.removeprefix(own))
        for ref in mine
        if ref.name.removeprefix(own).startswith(("heads/", "tags/"))
    ]
    kept = {ref.id for ref in mine}
    stashes = [ref for ref in mine if ref.name.startswith(own + "stash/")]
    return Seeds(
        refs=(*project, *(ref for ref in own_refs if not _is_blocked(ref.name, taken))),
        stash=tuple(ref.id for ref in sorted(stashes, key=_version)),
        borrowed=tuple(dict.fromkeys(ref.id for ref in project if ref.id not in kept)),
    )


def keep_borrowed(repo: Repository, mission_id: str, seeds: Seeds) -> Seeds:
    """Make refs by which a prune or gc of the main repository leaves the private directory whole.

    The seeds without those whose object is missing: a project may have a broken ref, and work on.
    """
    if not seeds.borrowed:
        return seeds
    lines = "".join(f"update {namespace(mission_id)}base/{id_} {id_}\n" for id_ in seeds.borrowed)
    try:
        repo.git.run("update-ref", "--stdin", input=lines.encode())
    except GitFailed:
        checked = repo.git.run("cat-file", "--batch-check", input="\n".join(seeds.borrowed).encode() + b"\n").stdout
        missing = {line.split()[0] for line in checked.decode().splitlines() if line.endswith(" missing")}
        if not missing:
            raise
        return keep_borrowed(repo, mission_id, seeds.without(missing))
    return seeds


def is_usual(name: str) -> bool:
    """A branch that many others begin at."""
    return _USUAL.fullmatch(name) is not None


def packed_refs(seeds: Seeds) -> bytes:
    lines = sorted((os.fsencode(ref.name), ref.id.encode()) for ref in seeds.refs)
    if seeds.stash:
        lines = sorted([*lines, (b"refs/stash", seeds.stash[0].encode())])
    return b"# pack-refs with: sorted \n" + b"".join(id + b" " + name + b"\n" for name, id in lines)


def _rank(ref: Ref, branch: str) -> tuple[bool, bool, str]:
    return ref.name != branch, not is_usual(ref.name), ref.name


def _version(ref: Ref) -> list[tuple[int, str]]:
    """Sorts v2 before v10."""
    parts = re.findall(r"[0-9]+|[^0-9]+", ref.name)
    return [(int(part), "") if part[0] in "0123456789" else (-1, part) for part in parts]


def _is_blocked(name: str, taken: set[str]) -> bool:
    """Whether a project's ref stands at this name, above it or below it: git keeps refs as paths."""
    parts = name.split("/")
    above = {"/".join(parts[:length]) for length in range(1, len(parts) + 1)}
    return bool(above & taken) or any(other.startswith(name + "/") for other in taken)
