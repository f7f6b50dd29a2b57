"""The refs by which a mission's work stays in the main repository beside its branch; never the project's own names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from scopecraft.errors import GitFailed
from scopecraft.worktrees.git import Git
from scopecraft.worktrees.intake import Intake

_KINDS = ("heads", "tags", "notes", "remotes")


@dataclass(frozen=True, slots=True)
class RefChanges:
    """Names below the mission's namespace to set, and to remove."""

    set: Mapping[str, str]
    remove: frozenset[str] = frozenset()


def kept_name(name: str) -> str:
    """`refs/heads/x` becomes `heads/x`; what is no branch, tag, note or remote stands under `other/`."""
    rest = name.removeprefix("refs/")
    return rest if rest.split("/", 1)[0] in _KINDS else f"other/{rest}"


def ref_changes(taken: Intake, *, branch: str, known: Mapping[str, str]) -> RefChanges:
    """`known` are the mission's refs so far, without the namespace. What one of them loses goes on as `old/<id>`.

    Not the mission's branch and HEAD: what becomes of them is a verdict.
    """
    harvest = taken.harvest
    wanted = {kept_name(ref.name): ref.id for ref in harvest.refs if ref.name != f"refs/heads/{branch}"}
    wanted |= {f"unnamed/{id_}": id_ for id_ in harvest.unnamed}
    wanted |= {f"stash/{number}": id_ for number, id_ in enumerate(harvest.stash)}
    gone = {kept_name(name) for name in harvest.gone} | {name for name in known if name.startswith("stash/")}
    remove = frozenset(name for name in gone if name in known and name not in wanted)
    return RefChanges(wanted | _losses(wanted, remove, known), remove)


def with_aside(changes: RefChanges, aside: Mapping[str, str | None], known: Mapping[str, str]) -> RefChanges:
    """The changes and some more names, those with an object."""
    more = {name: id_ for name, id_ in aside.items() if id_ is not None}
    return RefChanges({**changes.set, **more, **_losses(more, (), known)}, changes.remove)


def write_refs(git: Git, namespace: str, changes: RefChanges) -> tuple[str, ...]:
    """All of it or, where names stand in each other's way, every object under `unnamed/`. The names set, in full."""
    if changes.remove:
        # apart from the rest: git does not make a/b in the transaction that removes a
        remove_refs(git, [namespace + name for name in changes.remove])
    if not changes.set:
        return ()
    named = changes.set
    try:
        _transact(git, [f"update {namespace}{name} {id_}" for name, id_ in named.items()])
    except GitFailed:
        named = {f"unnamed/{id_}": id_ for id_ in named.values()}
        _transact(git, [f"update {namespace}{name} {id_}" for name, id_ in named.items()])
    return tuple(namespace + name for name in sorted(named))


def remove_refs(git: Git, names: Iterable[str]) -> None:
    """By their full names."""
    _transact(git, [f"delete {name}" for name in names])


def _losses(wanted: Mapping[str, str], remove: Iterable[str], known: Mapping[str, str]) -> dict[str, str]:
    changed = (name for name, id_ in wanted.items() if known.get(name, id_) != id_)
    lost = {known[name] for name in (*remove, *changed)} - set(wanted.values())
    return {f"old/{id_}": id_ for id_ in lost}


def _transact(git: Git, commands: Sequence[str]) -> None:
    if commands:
        git.run("update-ref", "--stdin", input="".join(f"{command}\n" for command in commands).encode())
