"""A harvest through quarantine: all of it, or else HEAD and the mission's branch alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from scopecraft.errors import CommitsRefused
from scopecraft.worktrees.breadth import check_breadth
from scopecraft.worktrees.git import Git
from scopecraft.worktrees.harvest import PACK, TIP_PACK, Harvest, all_ids, open_pack
from scopecraft.worktrees.quarantine import Quarantine
from scopecraft.worktrees.seeds import Ref
from scopecraft.worktrees.verdict import Relation


@dataclass(frozen=True, slots=True)
class Intake:
    """What passed the checks; `refused` says why it is not everything. `head_tree` is HEAD's tree."""

    harvest: Harvest
    head_tree: str
    refused: str | None = None


def take_in(store: Quarantine, harvest: Harvest, branch: Ref, known: Sequence[str] = ()) -> Intake:
    """`branch` and the other `known` ids are as they were at the start.

    Raises CommitsRefused when not even the mission's own commits pass.
    """
    try:
        return _checked(store, PACK, harvest, branch, known)
    except CommitsRefused as error:
        store.empty()
        own = harvest.id_of(branch.name)
        refs = (Ref(own, branch.name),) if own else ()
        alone = replace(harvest, refs=refs, unnamed=(), stash=(), staged_tree=None)
        return replace(_checked(store, TIP_PACK, alone, branch, known), refused=error.message)


def relation(git: Git, old: str, new: str) -> Relation:
    if old == new:
        return "same"
    left, right = git.text("rev-list", "--left-right", "--count", f"{old}...{new}").split()
    if left == "0" or right == "0":
        return "forward" if left == "0" else "behind"
    return "diverged" if git.succeeds("merge-base", old, new) else "unrelated"


def _checked(store: Quarantine, name: str, harvest: Harvest, branch: Ref, known: Sequence[str]) -> Intake:
    with open_pack(harvest.folder, name) as pack:
        store.import_pack(pack)
    ids = all_ids(harvest)
    tree_of_head = harvest.head + "^{tree}"
    found = store.look_up([*ids, tree_of_head])
    missing = [id_ for id_ in ids if id_ not in found]
    if missing:
        raise CommitsRefused(f"commits not taken back: {len(missing)} objects are missing, {missing[0]} first", "")
    tips = (harvest.head, harvest.id_of(branch.name) or harvest.head)
    if any(found[tip][1] != "commit" for tip in tips) or tree_of_head not in found:
        raise CommitsRefused("commits not taken back: HEAD or the branch is no commit", "")
    store.check_connected(ids, known=(branch.id, *known))
    tree = harvest.staged_tree
    for each in dict.fromkeys((*tips, tree or harvest.head)):
        check_breadth(store.git, each, base=branch.id, timeout_seconds=store.seconds_left)
    typed = replace(
        harvest,
        staged_tree=tree if tree and found[tree][1] == "tree" else None,
        stash=tuple(id_ for id_ in harvest.stash if found[id_][1] == "commit"),
    )
    return Intake(typed, head_tree=found[tree_of_head][0])
