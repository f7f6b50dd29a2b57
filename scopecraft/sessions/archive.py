"""Archiving a mission: what it was asked, what its sessions said, and what it changed, as a folder of plain files.

Built beside its place and renamed into it: an archive that can be seen is whole. The mission stays as it is.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from scopecraft.atomic import private_folder, storage_failed
from scopecraft.config.projects import load_projects, project_named
from scopecraft.errors import BadInput, Refused
from scopecraft.missions.archive import Copier
from scopecraft.missions.check_record import CHECKS
from scopecraft.missions.folder import folder_of
from scopecraft.missions.recipe import ROLES, WORKFLOW
from scopecraft.missions.versions import VERSIONS
from scopecraft.model import clock
from scopecraft.model.event import Event
from scopecraft.model.mission import Mission
from scopecraft.sessions.context import Context
from scopecraft.sessions.places import repository_of
from scopecraft.sessions.present_mission import refuse_while_alive
from scopecraft.sessions.written_down import STREAM_BYTES, known_secrets, write_changes, write_summary
from scopecraft.worktrees.repository import Repository

_SESSION_FILES = ("metadata.json", "stream.jsonl", "stderr.log")  # no secrets, no private git directory


@dataclass(frozen=True, slots=True)
class Archived:
    folder: Path
    sessions: int
    commits: int
    notes: tuple[str, ...]


def archive_mission(
    context: Context, mission: Mission, to: Path | None, tell: Callable[[str], None] = lambda _: None
) -> Archived:
    """Into `to`, else `.tasks/archive` of the project's main checkout. Raises Refused for one that is there already."""
    refuse_while_alive(context, mission)
    repository = repository_of(project_named(load_projects(context.home), mission.project))
    target = _place(repository, to) / f"{mission.id}--{mission.slug}"
    if os.path.lexists(target):
        raise Refused(f"{target} is there already", "move it away, or name another folder: --to FOLDER")
    making = target.with_name(f".{target.name}.{os.urandom(4).hex()}.making")
    try:
        private_folder(making)
        archived = _fill(context, mission, making, tell)
        _give_name(making, target)
    except BaseException:  # raised again: an interruption, too, leaves nothing half done
        shutil.rmtree(making, ignore_errors=True)
        raise
    at = clock.to_text(clock.now())
    context.store.append(
        Event(0, at, "mission_archived", mission.id, data={"folder": os.fsencode(target).decode("utf-8", "replace")})
    )
    return Archived(target, archived.sessions, archived.commits, archived.notes)


def _place(repository: Repository, to: Path | None) -> Path:
    if to is not None:
        return to.absolute()
    if repository.main_worktree is None:
        raise BadInput(f"{repository.path} has no checkout to put an archive in", "name a folder: --to FOLDER")
    place = repository.main_worktree / ".tasks" / "archive"
    link = next((folder for folder in (place.parent, place) if folder.is_symlink()), None)
    if link is not None:  # of a branch that was merged, perhaps
        raise Refused(f"{link} is a link to another place", "name a folder: --to FOLDER")
    return place


def _give_name(making: Path, target: Path) -> None:
    """A folder of that name that came meanwhile is not replaced: it is not empty."""
    try:
        making.rename(target)
    except OSError as error:
        raise storage_failed(error, target) from error


def _fill(context: Context, mission: Mission, folder: Path, tell: Callable[[str], None]) -> Archived:
    sessions = list(reversed(context.store.sessions(mission_id=mission.id)))
    copier = Copier(known_secrets(context, sessions))
    home_folder = folder_of(context.home, mission)
    for name in ("mission.json", WORKFLOW, ROLES):
        if (home_folder / name).exists():
            copier.file(home_folder, name, folder / name)
    for number, session in enumerate(sessions, 1):
        tell(f"session {number} of {len(sessions)} …")
        for name in _SESSION_FILES:
            source = context.folder(session.id).path
            if (source / name).exists():
                copier.file(source, name, folder / "sessions" / session.id / name, most=STREAM_BYTES)
    changes = write_changes(context, mission, copier, folder)
    for name in ("runs", CHECKS, VERSIONS):
        if (home_folder / name).is_dir():
            copier.tree(home_folder / name, folder / name, name, is_ours=True)
    # last of the copies: an agent may have written so many that there is room for nothing else
    copier.tree(home_folder / "artifacts", folder / "artifacts", "artifacts")
    write_summary(context, mission, sessions, changes, copier, folder)
    return Archived(folder, len(sessions), len(changes.commits), tuple(copier.notes))
