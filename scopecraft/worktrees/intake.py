"""A harvest through quarantine: all of it, or else HEAD and the mission's branch alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from scopecraft.errors import CommitsRefused
from scopecraft.worktrees.git import Git
from scopecraft.worktrees.harvest import PACK, TIP_PACK, Harvest, all_ids, open_pack
from scopecraft.worktrees.quarantine import Quarantine
from scopecraft.worktrees.seeds import Ref
from scopecraft.worktrees.verdict import Relation


@dataclass(frozen=True, slots=True)
class Intake:
    """What passed the checks, with the type of each object that it names; `refused` says why it is not everything."""

    harvest: Harvest
    types: Mapping[str, str]
    refused: str | None = None


def take_in(store: Quarantine, harvest: Harvest, branch: str) -> Intake:
    """`branch` is the full name. Raises CommitsRefused when not even the mission's own commits pass."""
    try:
        types = _checked(store, PACK, harvest, branch)
    except CommitsRefused as error:
        store.empty()
        own = harvest.id_of(branch)
        alone = replace(
            harvest,
            refs=(Ref(own, branch),) if own else (),
            unnamed=(),
            stash=(),
            staged_tree=None,
        )
        return Intake(alone, _checked(store, TIP_PACK, alone, branch), error.message)
    tree = harvest.staged_tree
    typed = replace(
        harvest,
        staged_tree=tree if tree and types[tree] == "tree" else None,
        stash=tuple(id_ for id_ in harvest.stash if types[id_] == "commit"),
    )
    return Intake(typed, types)


def relation(git: Git, old: str, new: str) -> Relation:
    if old == new:
        return "same"
    left, right = git.text("rev-list", "--left-right", "--count", f"{old}...{new}").split()
    if left == "0" or right == "0":
        return "forward" if left == "0" else "behind"
    return "diverged" if git.succeeds("merge-base", old, new) else "unrelated"


def _checked(store: Quarantine, name: str, harvest: Harvest, branch: str) -> Mapping[str, str]:
    with open_pack(harvest.folder, name) as pack:
        store.import_pack(pack)
    ids = all_ids(harvest)
    types = store.types(ids)
    missing = [id_ for id_ in ids if id_ not in types]
    if missing:
        raise CommitsRefused(f"commits not taken back: {len(missing)} objects are missing, {missing[0]} first", "")
    if any(types[tip] != "commit" for tip in (harvest.head, harvest.id_of(branch) or harvest.head)):
        raise CommitsRefused("commits not taken back: HEAD or the branch is no commit", "")
    store.check_connected(ids)
    return types
