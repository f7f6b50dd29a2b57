"""Bringing a removed mission back: its worktree, branch, files and folder. Interrupted, it is gone on with."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from scopecraft.config.projects import load_projects, project_named
from scopecraft.errors import BadName, Refused, RepositoryRefused, ScopecraftError
from scopecraft.missions.finding import find_mission
from scopecraft.missions.folder import read_mission, write_mission
from scopecraft.missions.trash import Removal, TrashFolder, load_removal, removals, save_removal, trash_folder
from scopecraft.model import clock
from scopecraft.model.event import Event
from scopecraft.model.mission import Mission
from scopecraft.model.naming import branch_name, check_title, own_name, slug_of
from scopecraft.sessions.context import Context
from scopecraft.sessions.mission_start import lock_reason
from scopecraft.sessions.places import repository_of
from scopecraft.sessions.ports import port_taken_by_another
from scopecraft.sessions.removal import discard
from scopecraft.sessions.task_lock import name_held, trash_held
from scopecraft.worktrees.pin import Pin, unpin
from scopecraft.worktrees.put_back import Place, put_aside_back, put_back, put_modules_back, refuse_taken
from scopecraft.worktrees.repository import Repository
from scopecraft.worktrees.worktree import lock


@dataclass(frozen=True, slots=True)
class Restored:
    """`stuck` are kept files for which there was no room; they, and a pin that is not `is_same`, stay."""

    mission: Mission
    stuck: tuple[str, ...] = ()
    is_same: bool = True
    kept_at: Path | None = None


def restore_mission(
    context: Context, removal: Removal, name: str | None, tell: Callable[[str], None] = lambda _: None
) -> Restored:
    """Active again, under another name where one is given. Raises Refused for a name, a branch or a folder in use."""
    title = name or own_name(removal.slug, removal.title)
    with name_held(context, removal.project, title), trash_held(context, removal.mission_id):
        folder = trash_folder(context.home, removal.mission_id, removal.slug)
        removal = _as_it_is_now(folder, removal)
        slug = _slug(removal, name)
        if removal.phase == "restoring" and not folder.mission.exists():
            return _finished(context, removal, folder)
        if not folder.mission.exists():
            raise Refused(f"the folder of {removal.slug} is not in the trash any more", f"look into {folder.path}")
        _refuse_same_name(context, removal, title)
        repository = repository_of(project_named(load_projects(context.home), removal.project))
        removal = _begun(context, removal, slug, repository)
        tell("bringing the worktree back …")
        removal = _put_back(context, removal, folder, repository)
        _activate(context, removal, folder, title)
        return _finished(context, removal, folder)


def finish_restores(context: Context) -> None:
    """Those that were killed when their mission was active again."""
    for seen in removals(context.home)[0]:
        folder = trash_folder(context.home, seen.mission_id, seen.slug)
        if seen.phase == "restoring" and not folder.mission.exists():
            with (
                suppress(ScopecraftError),
                name_held(context, seen.project, seen.restore_as or seen.slug),
                trash_held(context, seen.mission_id),
            ):
                removal = load_removal(folder)
                if removal is not None:
                    finish_restore(context, removal)


def finish_restore(context: Context, removal: Removal) -> None:
    """Of a mission that is active again already; the caller holds its name and its place in the trash."""
    folder = trash_folder(context.home, removal.mission_id, removal.slug)
    if removal.phase == "restoring" and not folder.mission.exists():
        _finished(context, removal, folder)


def _as_it_is_now(folder: TrashFolder, seen: Removal) -> Removal:
    """Who had its name before us may have emptied it, or brought it back."""
    removal = load_removal(folder)
    if removal is None or removal.phase == "emptied":
        raise Refused(f"{seen.slug} is not in the trash any more", "see what is there with: sc trash")
    if removal.phase not in ("removed", "restoring"):
        raise Refused(
            f"the removal of {removal.slug} was interrupted", f"go on with it first: sc rm {removal.slug} --yes"
        )
    return removal


def _slug(removal: Removal, name: str | None) -> str:
    if removal.restore_as is not None:
        if name is not None and slug_of(check_title(name)) != removal.restore_as:
            raise Refused(
                f"{removal.slug} is being brought back as {removal.restore_as} already",
                f"go on with that: sc restore {removal.mission_id}",
            )
        return removal.restore_as
    if name is None:
        return removal.slug
    slug = slug_of(check_title(name))
    if not slug:
        raise BadName(f"no name for a task: {name!r}", "letters and digits make one")
    return slug


def _refuse_same_name(context: Context, removal: Removal, title: str) -> None:
    other = find_mission(context.home, title, removal.project, partial=False)
    if other is not None and other.id != removal.mission_id:
        raise Refused(
            f"there is a mission {other.slug} already ({other.id})",
            f"bring it back under another name: sc restore {removal.mission_id} --as NAME",
        )


def _begun(context: Context, removal: Removal, slug: str, repository: Repository) -> Removal:
    """Recorded as `restoring`, once it is clear that nothing is in the way."""
    if removal.phase == "restoring":
        return removal
    branch = removal.branch if slug == removal.slug else _other_branch(context, removal, slug)
    worktree = _worktree(context, removal, slug)
    if removal.takes_worktree:
        if os.path.lexists(worktree):
            raise RepositoryRefused(f"{worktree} exists already", "move it away, or: --as NAME")
        if removal.pin is not None:
            refuse_taken(repository, Pin.from_dict(removal.pin), Place(worktree, branch, ""))
    begun = replace(removal, phase="restoring", restore_as=slug, restore_branch=branch)
    save_removal(context.home, begun)
    return begun


def _other_branch(context: Context, removal: Removal, slug: str) -> str:
    """The same name with the other slug in it; without a slug in it, as for a new mission."""
    head, found, tail = removal.branch.rpartition(removal.slug)
    if found:
        return f"{head}{slug}{tail}"
    return branch_name(context.settings.worktrees.branch_template, type_="feature", slug=slug)


def _worktree(context: Context, removal: Removal, slug: str) -> Path:
    if slug == removal.slug or not removal.takes_worktree:
        return Path(removal.worktree)
    return context.home.worktrees / removal.project / slug


def _put_back(context: Context, removal: Removal, folder: TrashFolder, repository: Repository) -> Removal:
    """Its record, with what whoever ends the restore must know."""
    assert removal.restore_as is not None and removal.restore_branch is not None
    path = _worktree(context, removal, removal.restore_as)
    reason = lock_reason(removal.restore_as)
    if not removal.takes_worktree or removal.pin is None:
        if path.is_dir():
            lock(repository, path, reason)
        return removal
    pinned = Pin.from_dict(removal.pin)
    if pinned.head is None and pinned.branch_tip is None:
        return removal  # none of its steps had begun, so it had neither worktree nor branch
    is_same = put_back(repository, pinned, Place(path, removal.restore_branch, reason))
    put_aside_back(path, folder.kept, removal.aside)
    put_modules_back(path, folder.modules)
    if removal.is_different == (not is_same):
        return removal
    told = replace(removal, is_different=not is_same)
    save_removal(context.home, told)
    return told


def _activate(context: Context, removal: Removal, folder: TrashFolder, title: str) -> None:
    """With its names in mission.json first: the rename makes it a mission again."""
    assert removal.restore_as is not None and removal.restore_branch is not None
    mission = read_mission(folder.mission)
    renamed = removal.restore_as != removal.slug
    changed = replace(
        mission,
        slug=removal.restore_as,
        title=title if renamed else mission.title,
        branch=removal.restore_branch,
        worktree=str(_worktree(context, removal, removal.restore_as)),
        updated_at=clock.to_text(clock.now()),
        port_base=None if port_taken_by_another(context, mission) else mission.port_base,
    )
    if changed != mission:
        write_mission(folder.mission, changed)
    folder.mission.rename(_place(context, removal))


def _place(context: Context, removal: Removal) -> Path:
    """Where its folder stands when it is back: among those that it was taken from."""
    place = context.home.missions_completed if removal.is_frozen else context.home.missions_active
    return place / f"{removal.mission_id}--{removal.restore_as}"


def _finished(context: Context, removal: Removal, folder: TrashFolder) -> Restored:
    """The mission is active; what the trash held is not needed any more, unless something of it has no place."""
    is_same, stuck = not removal.is_different, _stuck(removal, folder)
    mission = read_mission(_place(context, removal))
    at = clock.to_text(clock.now())
    data = {"removed_at": removal.removed_at, "branch": mission.branch, "name": mission.slug}
    context.store.append(Event(0, at, "mission_restored", removal.mission_id, data=data))
    if is_same and removal.pin is not None:
        unpin(repository_of(project_named(load_projects(context.home), removal.project)), removal.mission_id)
    if stuck:
        aside = _free_place(folder.path.with_name(f"restored-{folder.path.name}"))
        folder.path.rename(aside)
        return Restored(mission, stuck, is_same, aside)
    discard(folder)
    return Restored(mission, stuck, is_same)


def _stuck(removal: Removal, folder: TrashFolder) -> tuple[str, ...]:
    """What is in the trash still, as the disk tells: who put the rest back may have been killed since."""
    paths = [path for path in removal.aside if os.path.lexists(folder.kept / path)]
    return (*paths, *(("the git folders of its submodules",) if folder.modules.is_dir() else ()))


def _free_place(wanted: Path) -> Path:
    """Under a number where an earlier restore left something too."""
    place, number = wanted, 1
    while os.path.lexists(place):
        number += 1
        place = wanted.with_name(f"{wanted.name}-{number}")
    return place
