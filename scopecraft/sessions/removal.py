"""Removing a mission: everything pinned and read back, then moved apart, looked at once more, and only then gone.

Killed at any moment it can be gone on with: until the record says `frozen` one rename undoes it, from then on every
step is done again without harm.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from scopecraft.config.projects import load_projects, project_named
from scopecraft.errors import NotPinned, Refused, ScopecraftError
from scopecraft.missions.folder import changing, folder_by_id
from scopecraft.missions.trash import (
    Removal,
    TrashFolder,
    load_removal,
    removals,
    save_removal,
    trash_folder,
    under_way,
)
from scopecraft.model import clock
from scopecraft.model.mission import Mission
from scopecraft.model.naming import own_name
from scopecraft.sessions.clean_up import remove_tree
from scopecraft.sessions.context import Context
from scopecraft.sessions.places import repository_of
from scopecraft.sessions.removal_plan import Plan, plan_removal, refuse_occupied, refuse_undecided
from scopecraft.sessions.removal_record import record_of, tell_journal
from scopecraft.sessions.task_lock import name_held, trash_held
from scopecraft.worktrees.pin import pin, unpin
from scopecraft.worktrees.removal import bring_back, drop_branch, forget_worktree, set_apart, set_aside, set_aside_back
from scopecraft.worktrees.repository import Repository
from scopecraft.worktrees.survey import Survey, fingerprint
from scopecraft.worktrees.uncommitted import changes
from scopecraft.worktrees.worktree import unlock

GONE = ".gone-"  # how a folder of the trash is called while it is being deleted
_MOST_TRIES = 3  # while somebody writes in the worktree


def _silent(_: str) -> None:
    """Nobody watches."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What the person said about ignored files that are large, and about commands before the removal."""

    keep_ignored: bool = False
    drop_ignored: bool = False
    skip_teardown: bool = False
    tell: Callable[[str], None] = _silent


def remove_mission(context: Context, mission: Mission, wish: Wish) -> Removal:
    """To the trash. Raises what planning does, Refused, SetupFailed, and NotPinned: then nothing was removed."""
    with name_held(context, mission.project, own_name(mission.slug, mission.title)), trash_held(context, mission.id):
        with changing(context.home, mission.id) as current:
            begun = under_way(context.home, current)
        _refuse_unknown(trash_folder(context.home, current.id, current.slug), begun)
        if begun is not None:
            undo_if_pinned(trash_folder(context.home, current.id, current.slug), begun)
            _end_restore(context, begun)
        plan = plan_removal(context, current)
        if plan.begun is not None:
            return _go_on(context, plan.begun, plan.repository)
        refuse_occupied(plan)
        refuse_undecided(plan, keep_ignored=wish.keep_ignored, drop_ignored=wish.drop_ignored)
        _prepare(context, current, wish)
        try:
            removal = _pinned(context, plan, wish)
        except BaseException:  # raised again: an interruption, too, leaves nothing half done
            _forget_try(context, plan)
            raise
        wish.tell("taking the worktree away …")
        return _go_on(context, removal, plan.repository)


def undo_interrupted(context: Context, mission: Mission) -> None:
    """Where a removal was killed before it was sure, so that what is planned next sees the worktree."""
    folder = trash_folder(context.home, mission.id, mission.slug)
    if folder.tree.exists():
        with name_held(context, mission.project, own_name(mission.slug, mission.title)):
            begun = under_way(context.home, mission)
            if begun is not None:
                undo_if_pinned(folder, begun)


def finish_removals(context: Context) -> None:
    """Undo what was killed before it was sure, and bring the rest to its end; what cannot be yet stays as it is."""
    for seen in removals(context.home)[0]:
        folder = trash_folder(context.home, seen.mission_id, seen.slug)
        if seen.phase in ("pinned", "frozen") or (seen.phase == "removed" and folder.tree.exists()):
            with (
                suppress(ScopecraftError),
                name_held(context, seen.project, own_name(seen.slug, seen.title)),
                trash_held(context, seen.mission_id),
            ):
                removal = load_removal(folder)  # who had the name may have gone on with it
                if removal is not None and removal.phase == "pinned":
                    undo_if_pinned(folder, removal)
                elif removal is not None:
                    project = project_named(load_projects(context.home), removal.project)
                    _go_on(context, removal, repository_of(project))


def _refuse_unknown(folder: TrashFolder, begun: Removal | None) -> None:
    """Of a removal whose record was lost: the worktree itself may stand there."""
    if begun is None and (folder.tree.exists() or folder.kept.exists()):
        raise Refused(
            f"files of an earlier removal stand in the trash without a record: {folder.path}",
            "look at them, put back what belongs to the worktree, and move that folder away",
        )


def _end_restore(context: Context, begun: Removal) -> None:
    """Of one that was killed when its mission was active again: what it had no room for is not mixed with this."""
    if begun.phase == "restoring":
        from scopecraft.sessions.restore import finish_restore  # which builds on this module

        finish_restore(context, begun)


def discard(folder: TrashFolder) -> None:
    """Renamed first: a folder without its record would be taken for something that is still to be brought back."""
    gone = folder.path.with_name(f"{GONE}{folder.path.name}")
    remove_tree(gone)
    folder.path.rename(gone)
    remove_tree(gone)


def _prepare(context: Context, mission: Mission, wish: Wish) -> None:
    """Before anything is pinned: commits that still wait to be taken, and the teardown commands."""
    latest = context.store.latest_of(mission.id)
    if latest is not None:
        from scopecraft.sessions.late_commits import take_late_commits  # much to import

        take_late_commits(context, latest)
    if not wish.skip_teardown:
        _tear_down(context, mission, wish)


def _tear_down(context: Context, mission: Mission, wish: Wish) -> None:
    """The one place from which teardown commands run."""
    from scopecraft.sessions.set_up import run_teardown  # much to import

    run_teardown(context, mission, wish.tell)


def _pinned(context: Context, plan: Plan, wish: Wish) -> Removal:
    """Recorded as frozen: pinned, moved apart, and found to be what was pinned."""
    if not plan.takes_worktree:
        removal = record_of(plan, None, keep_ignored=wish.keep_ignored, drop_ignored=wish.drop_ignored)
        save_removal(context.home, removal)
        return _frozen(context, removal)
    for _ in range(_MOST_TRIES):
        plan = plan_removal(context, plan.mission)
        refuse_occupied(plan)
        refuse_undecided(plan, keep_ignored=wish.keep_ignored, drop_ignored=wish.drop_ignored)
        assert plan.seen is not None
        wish.tell("pinning what is there …")
        pinned = pin(plan.repository, plan.mission.id, plan.seen, clock.to_text(clock.now()))
        removal = record_of(plan, pinned, keep_ignored=wish.keep_ignored, drop_ignored=wish.drop_ignored)
        folder = save_removal(context.home, removal)
        if plan.seen.pointer is None:
            return _frozen(context, removal)
        if _is_apart_as_pinned(plan.seen, folder, removal):
            return _frozen(context, removal)
    raise NotPinned(
        f"{plan.mission.worktree} is being written to all the time, so nothing was removed", "what is at work there?"
    )


def _forget_try(context: Context, plan: Plan) -> None:
    """The mission is where it was, so nothing needs to say that it was to go."""
    folder = trash_folder(context.home, plan.mission.id, plan.mission.slug)
    with suppress(ScopecraftError, OSError):
        removal = load_removal(folder)
        if removal is None or (removal.phase == "pinned" and not folder.tree.exists()):
            unpin(plan.repository, plan.mission.id)
            if folder.path.exists():
                discard(folder)


def _is_apart_as_pinned(seen: Survey, folder: TrashFolder, removal: Removal) -> bool:
    """Whether the worktree stands in the trash and is what was pinned; else it is where and as it was."""
    assert removal.pin is not None
    set_apart(seen.worktree, folder.tree)
    is_same = False
    try:
        if fingerprint(folder.tree, changes(seen.git(folder.tree))) == removal.pin["fingerprint"]:
            set_aside(folder.tree, folder.kept, removal.aside)
            is_same = True
    finally:
        if not is_same:
            undo_if_pinned(folder, removal)
    return is_same


def _frozen(context: Context, removal: Removal) -> Removal:
    frozen = replace(removal, phase="frozen")
    save_removal(context.home, frozen)
    return frozen


def undo_if_pinned(folder: TrashFolder, removal: Removal) -> None:
    """A removal that was not sure yet: the worktree goes back to where it was, with all that was moved out of it."""
    if folder.tree.exists() and removal.phase == "pinned" and not os.path.lexists(removal.worktree):
        set_aside_back(folder.tree, folder.kept, removal.aside)
        bring_back(folder.tree, Path(removal.worktree))


def _go_on(context: Context, removal: Removal, repository: Repository) -> Removal:
    """Every step from `frozen` on; each finds out for itself whether it was done."""
    folder = trash_folder(context.home, removal.mission_id, removal.slug)
    if removal.phase == "frozen":
        _take_from_git(removal, folder, repository)
        _move_mission(context, removal, folder)
        tell_journal(context, removal)
        removal = replace(removal, phase="removed")
        save_removal(context.home, removal)
    if folder.tree.exists():
        remove_tree(folder.tree)
    return removal


def _take_from_git(removal: Removal, folder: TrashFolder, repository: Repository) -> None:
    if not removal.takes_worktree:
        if os.path.lexists(removal.worktree):
            unlock(repository, Path(removal.worktree))
        return
    forget_worktree(repository, Path(removal.worktree), Path(removal.admin) if removal.admin else None, folder.modules)
    tip = removal.pin["branch_tip"] if removal.pin else None
    if removal.takes_branch and tip is not None:
        drop_branch(repository, removal.branch, tip)


def _move_mission(context: Context, removal: Removal, folder: TrashFolder) -> None:
    source = folder_by_id(context.home, removal.mission_id)
    if source is not None and not folder.mission.exists():
        source.rename(folder.mission)
