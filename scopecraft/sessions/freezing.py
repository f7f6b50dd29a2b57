"""Freezing a mission that is complete: what its folder lacks is written into it, and it moves to `missions/completed/`.

    mission.json, workflow.json, roles.json, artifacts/, versions/, runs/   as they were: they are not copied
    logs/<step>.<run>.log   the streams themselves, which were links into `sessions/` before
    changes.patch           for `git apply` and `git am`
    summary.md              what was asked, decided and done, what it cost

All of it is made in `.freezing/` beside them first, while nobody is kept waiting. Then, under the mission's lock, each
piece takes its place by a rename, and the folder moves by one. Whoever is killed leaves a mission that is active and
complete: the next call goes on, and comes to the same.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from scopecraft.atomic import fsync_folder, private_folder, storage_failed
from scopecraft.config.projects import load_projects, project_named
from scopecraft.errors import LockHeld, NotFound, RepositoryRefused, StorageFailed
from scopecraft.missions.archive import Copier
from scopecraft.missions.folder import changing, folder_by_id, folder_of, read_mission, save_mission
from scopecraft.missions.trash import trash_folder
from scopecraft.model import clock
from scopecraft.model.event import Event
from scopecraft.model.mission import Mission
from scopecraft.model.session import Session
from scopecraft.sessions.clean_up import remove_tree
from scopecraft.sessions.context import Context
from scopecraft.sessions.places import repository_of
from scopecraft.sessions.ports import port_taken_by_another
from scopecraft.sessions.set_up import commands_held
from scopecraft.sessions.task_log import tell_done
from scopecraft.sessions.written_down import STREAM_BYTES, known_secrets, write_changes, write_summary

MAKING = ".freezing"


def freeze(context: Context, mission_id: str) -> bool:
    """Whether it is frozen by this call: a mission that is active, complete, and has no session that lives.

    Of two processes at once one does it. One whose worktree is just being set up or checked, or whose repository is
    away, stays as it is, for the next call.
    Raises StateUnreadable, GitFailed and StorageFailed; the mission is active then, and whole.
    """
    folder = folder_by_id(context.home, mission_id)
    if folder is None or folder.parent != context.home.missions_active:
        return False
    try:
        with commands_held(folder, timeout=0):  # a check writes into the folder too
            is_frozen = _freeze(context, mission_id, folder)
    except LockHeld:
        return False
    except StorageFailed:
        if folder.exists():
            raise
        return False  # somebody else moved it
    if is_frozen:
        tell_done(context, mission_id)
    return is_frozen


def _freeze(context: Context, mission_id: str, folder: Path) -> bool:
    try:
        mission = read_mission(folder)
        if not _may_freeze(context, mission):
            return False
        repository_of(project_named(load_projects(context.home), mission.project))
    except (FileNotFoundError, NotFound, RepositoryRefused):
        return False
    making = folder / MAKING
    remove_tree(making)
    try:
        _fill(context, mission, making)
        with changing(context.home, mission_id) as current:
            if current != mission or not _may_freeze(context, current):
                return False  # it went on meanwhile
            _put_in_place(folder, making)
            return _move(context, mission, folder)
    finally:
        with suppress(OSError):
            remove_tree(making)


def unfreeze(
    context: Context, mission_id: str, move: Callable[[Mission], Mission] = lambda mission: mission
) -> Mission:
    """The mission, active again and moved on by `move`, under its lock: as one step for everybody else.

    The folder goes back first, so that `move` finds the mission there, then what `move` gives is saved: whoever is
    killed between them leaves a complete mission, which the next `carry_on` freezes again. So pass `moves.reopened`
    here, rather than to call it later: between the two somebody might freeze it. One that is active stays where it is.
    Raises what `move` raises, when all is as it was, StateUnreadable and StorageFailed.
    """
    with changing(context.home, mission_id) as found:
        mission = found
        if found.is_frozen:
            port = None if port_taken_by_another(context, found) else found.port_base
            mission = replace(found, is_frozen=False, port_base=port)
            _rename(folder_of(context.home, found), folder_of(context.home, mission))
        try:
            mission = move(mission)
        except BaseException:  # raised again: what is refused, or interrupted, changes nothing
            if found.is_frozen:
                _rename(folder_of(context.home, mission), folder_of(context.home, found))
            raise
        if mission != replace(found, is_frozen=False):
            save_mission(context.home, mission)
    return mission


def _may_freeze(context: Context, mission: Mission) -> bool:
    """Not one that is on its way to the trash either, nor one that a session may still write to."""
    if mission.status != "completed" or mission.is_frozen:
        return False
    if trash_folder(context.home, mission.id, mission.slug).record.exists():
        return False
    return not context.store.live_of(mission.id)


def _fill(context: Context, mission: Mission, making: Path) -> None:
    sessions = list(reversed(context.store.sessions(mission_id=mission.id)))
    copier = Copier(known_secrets(context, sessions))
    private_folder(making / "logs")
    for session in sessions:
        _copy_log(context, session, copier, making / "logs")
    changes = write_changes(context, mission, copier, making)
    write_summary(context, mission, sessions, changes, copier, making)
    _make_durable(making)


def _copy_log(context: Context, session: Session, copier: Copier, logs: Path) -> None:
    source = context.folder(session.id).path
    name = f"{session.step_id}.{session.id}.log"
    if (source / "stream.jsonl").exists():
        copier.file(source, "stream.jsonl", logs / name, most=STREAM_BYTES)


def _make_durable(making: Path) -> None:
    """The move must not reach the disk before what is moved does."""
    try:
        for file in (*making.glob("logs/*"), *making.glob("*.*")):
            with file.open("rb") as stream:
                os.fsync(stream.fileno())
    except OSError as error:
        raise storage_failed(error, making) from error


def _put_in_place(folder: Path, making: Path) -> None:
    """Each step can be done again."""
    try:
        private_folder(folder / "logs")
        for copy in sorted((making / "logs").iterdir()):
            copy.replace(folder / "logs" / copy.name)
        for left in (folder / "logs").iterdir():
            if left.is_symlink():
                left.unlink()  # to a stream that the trash let go of
        (making / "logs").rmdir()
        for copy in sorted(making.iterdir()):
            copy.replace(folder / copy.name)
        making.rmdir()
        fsync_folder(folder)
    except OSError as error:
        raise storage_failed(error, folder) from error


def _move(context: Context, mission: Mission, folder: Path) -> bool:
    """Under the mission's lock. A session that was made in these moments has it back where it was."""
    target = folder_of(context.home, replace(mission, is_frozen=True))
    _tell(context, mission, target)
    _rename(folder, target)
    if context.store.live_of(mission.id):
        _rename(target, folder)
        return False
    return True


def _tell(context: Context, mission: Mission, target: Path) -> None:
    """Before the move, and once: whoever is killed between the two finds it told when he comes back."""
    told = context.store.events(mission_id=mission.id)
    if any(event.kind == "mission_archived" and event.data.get("of") == mission.updated_at for event in told):
        return
    data = {"folder": os.fsencode(target).decode("utf-8", "replace"), "of": mission.updated_at}
    context.store.append(Event(0, clock.to_text(clock.now()), "mission_archived", mission.id, data=data))


def _rename(source: Path, target: Path) -> None:
    """Never over a mission that stands there. Raises StorageFailed."""
    try:
        private_folder(target.parent)
        source.rename(target)
        fsync_folder(target.parent)
        fsync_folder(source.parent)
    except OSError as error:
        raise storage_failed(error, target) from error
