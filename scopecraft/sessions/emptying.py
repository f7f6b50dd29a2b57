"""Emptying the trash: what was kept of a removed mission goes for good, its record stays as `emptied`."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from scopecraft.config.projects import load_projects, project_named
from scopecraft.errors import ScopecraftError
from scopecraft.missions.trash import Removal, load_removal, removals, save_removal, trash_folder, trash_of
from scopecraft.model import clock
from scopecraft.model.event import Event
from scopecraft.model.naming import own_name
from scopecraft.sessions.clean_up import remove_tree
from scopecraft.sessions.context import Context
from scopecraft.sessions.places import repository_of
from scopecraft.sessions.removal import GONE, finish_removals
from scopecraft.sessions.restore import finish_restores
from scopecraft.sessions.task_lock import name_held, trash_held
from scopecraft.worktrees.kept import remove_refs
from scopecraft.worktrees.pin import unpin
from scopecraft.worktrees.repository import Repository
from scopecraft.worktrees.seeds import list_refs, namespace


@dataclass(frozen=True, slots=True)
class Emptied:
    """`problem` says what could not be removed with it."""

    removal: Removal
    problem: str = ""


def expires_at(removal: Removal, keep_seconds: int) -> datetime:
    return clock.from_text(removal.removed_at) + timedelta(seconds=keep_seconds)


def older_than(found: Iterable[Removal], seconds: int, now: datetime) -> list[Removal]:
    """Only those that are wholly in the trash: what is on its way is not thrown away."""
    return [each for each in found if each.phase == "removed" and expires_at(each, seconds) <= now]


def empty(context: Context, removal: Removal) -> Emptied:
    """Pin, kept refs, kept files and session folders. Repeatable; the sessions stay in the list of `sc ls --all`."""
    with (
        name_held(context, removal.project, own_name(removal.slug, removal.title)),
        trash_held(context, removal.mission_id),
    ):
        now = load_removal(trash_folder(context.home, removal.mission_id, removal.slug))
        if now is None or now.phase not in ("removed", "emptied") or now.removed_at != removal.removed_at:
            return Emptied(removal, "it was brought back meanwhile, so nothing of it is removed")
        problem = ""
        try:
            repository = repository_of(project_named(load_projects(context.home), removal.project))
            _drop_refs(repository, removal.mission_id)
        except ScopecraftError as error:
            problem = f"its refs are still in the repository: {error.message}"
        for session in context.store.sessions(mission_id=removal.mission_id):
            remove_tree(context.folder(session.id).path)
        folder = trash_folder(context.home, removal.mission_id, removal.slug)
        at = clock.to_text(clock.now())
        context.store.append(Event(0, at, "trash_emptied", removal.mission_id, data={"removed_at": removal.removed_at}))
        save_removal(context.home, replace(removal, phase="emptied", pin=None, aside=(), ignored=()))
        for part in (folder.mission, folder.tree, folder.kept, folder.modules):
            remove_tree(part)
        return Emptied(removal, problem)


def sweep(context: Context) -> None:
    """What killed commands left: removals and restores that are nearly over, folders that nobody needs any more."""
    if not trash_of(context.home).is_dir():
        return
    finish_removals(context)
    finish_restores(context)
    with suppress(OSError):
        for path in [*trash_of(context.home).glob(f"{GONE}*")]:
            remove_tree(path)
    for removal in removals(context.home, emptied=True)[0]:
        if removal.phase == "emptied":
            folder = trash_folder(context.home, removal.mission_id, removal.slug)
            for part in (folder.mission, folder.tree, folder.kept, folder.modules):
                remove_tree(part)


def _drop_refs(repository: Repository, mission_id: str) -> None:
    unpin(repository, mission_id)
    remove_refs(repository.git, [ref.name for ref in list_refs(repository.git, namespace(mission_id))])
