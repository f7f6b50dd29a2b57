"""Containers and windows that belong to no living session."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

from scopecraft.atomic import file_lock
from scopecraft.errors import EngineUnavailable, LockHeld, Refused, StorageFailed
from scopecraft.executors.engine_look import silence_of
from scopecraft.missions.folder import folder_by_id
from scopecraft.model.handle import Alive, ContainerHandle, WindowHandle
from scopecraft.model.ids import MISSION_ID, SESSION_ID
from scopecraft.model.session import is_live
from scopecraft.sessions.context import Context
from scopecraft.sessions.orphans import Known, Orphan
from scopecraft.sessions.set_up import commands_held
from scopecraft.sessions.setup_container import setup_name

GRACE_SECONDS = 3


def containers(context: Context, known: Known) -> Iterator[Orphan]:
    """By the label of this home, on the engine of the settings. Raises EngineUnavailable, EngineFailed."""
    silence = silence_of(context.engine)
    if silence is not None:
        raise EngineUnavailable(silence, "see what is wrong with: sc doctor")
    for session_id, handle in context.containers.all_of(context.home.label):
        why = _why_no_session(context, session_id) if session_id else _why_no_mission(context, handle, known)
        if why:
            runs = isinstance(context.containers.look(handle), Alive)
            will = "ended and removed" if runs else "removed"
            yield Orphan("container", handle.name, why, will, _drop_container(context, session_id, handle))


def windows(context: Context, _: Known) -> Iterator[Orphan]:
    """On the home's own tmux server; in a person's own nothing is looked for. Raises TmuxFailed."""
    if context.settings.tmux.server != "own":
        return
    for session_id, handle in context.tmux.all_of():
        why = _why_no_session(context, session_id)
        if why:
            runs = isinstance(context.tmux.look(handle), Alive)
            will = "its program ended, the window closed" if runs else "closed"
            yield Orphan(
                "window", f"{handle.window_id} of {session_id}", why, will, _close(context, session_id, handle)
            )


def _why_no_session(context: Context, session_id: str) -> str:
    """Why it belongs to no living session; empty where it does."""
    if not SESSION_ID.fullmatch(session_id):
        return "it names no session"
    session = context.store.get(session_id)
    if session is None:
        return f"no session {session_id} is recorded here"
    return "" if is_live(session.status) else f"session {session_id} has ended"


def _why_no_mission(context: Context, handle: ContainerHandle, known: Known) -> str:
    """Of a container that sets a worktree up, or checks it: it belongs to a mission, while a command holds that."""
    mission_id = handle.name.removeprefix(setup_name(""))
    if not MISSION_ID.fullmatch(mission_id):
        return "it names no session"
    if mission_id not in known.ids:
        return f"there is no mission {mission_id}"
    folder = folder_by_id(context.home, mission_id)
    if folder is None:
        return ""
    try:
        with commands_held(folder, timeout=0):
            return "the command that ran it was killed"
    except (LockHeld, StorageFailed):
        return ""


def _still_orphan(context: Context, session_id: str, stack: ExitStack) -> None:
    """Held against whoever settles the session just now. Raises Refused and LockHeld."""
    folder = context.folder(session_id)
    if session_id and folder.path.is_dir():
        stack.enter_context(file_lock(folder.lock, timeout=0))
    if session_id and not _why_no_session(context, session_id):
        raise Refused(f"session {session_id} lives after all", f"see: sc show {session_id}")


def _hold_mission(context: Context, handle: ContainerHandle, stack: ExitStack) -> None:
    """Against whoever begins another set-up or check of it under the same name. Raises LockHeld."""
    folder = folder_by_id(context.home, handle.name.removeprefix(setup_name("")))
    if folder is not None:
        stack.enter_context(commands_held(folder, timeout=0))


def _drop_container(context: Context, session_id: str, handle: ContainerHandle) -> Callable[[], None]:
    def drop() -> None:
        with ExitStack() as stack:
            _still_orphan(context, session_id, stack)
            if not session_id:
                _hold_mission(context, handle, stack)
            if isinstance(context.containers.look(handle), Alive):
                context.containers.stop(handle, grace_seconds=GRACE_SECONDS)
            context.containers.forget(handle)

    return drop


def _close(context: Context, session_id: str, handle: WindowHandle) -> Callable[[], None]:
    def close() -> None:
        with ExitStack() as stack:
            _still_orphan(context, session_id, stack)
            context.tmux.stop(handle, grace_seconds=GRACE_SECONDS)
            context.tmux.forget(handle)

    return close
