"""What a start whose process died has got up. Its lock is free, so nobody else is at it."""

from __future__ import annotations

from pathlib import Path

from scopecraft.atomic import replace_file
from scopecraft.errors import AlreadyRunning, EngineUnavailable, StateUnreadable
from scopecraft.executors.engine_look import silence_of
from scopecraft.executors.window_launcher import ENVIRONMENT, GAVE_UP
from scopecraft.model.handle import ContainerHandle, Handle, ProcessHandle, WindowHandle
from scopecraft.model.launch import ContainerLaunch
from scopecraft.model.session import Session
from scopecraft.sessions.clean_up import remove_secrets
from scopecraft.sessions.contained import has_both
from scopecraft.sessions.context import Context
from scopecraft.sessions.llm_claim import taken_over
from scopecraft.sessions.set_up import discard_set_up
from scopecraft.sessions.settle_facts import load_facts


def adopt_started(context: Context, session: Session) -> Handle | None:
    """The container, window or process in which the agent runs or has run; None when it never did, and never will.

    One whose end was asked for meanwhile is ended. Raises EngineUnavailable, EngineFailed and TmuxFailed when nobody
    can tell.
    """
    folder = context.folder(session.id)
    if not folder.facts.exists():
        remove_secrets(context, session)
        discard_set_up(context, session.mission_id)
        return None  # written before the engine or tmux is asked for anything
    try:
        facts = load_facts(folder)
        where, window = facts.where, facts.window
    except StateUnreadable:
        where = window = ""
    handle: Handle | None
    if session.executor == "process":
        handle = taken_over(folder)
    elif session.executor == "container":
        handle = _container(context, session, where)
    else:
        handle = _window(context, session, window or where)
        if handle is None and has_both(session):
            _drop_unseen(context, session, where)
    if handle is None:
        remove_secrets(context, session)
    elif session.stop_requested_at is not None:
        end(context, handle)  # without its window a container is ended by whoever settles it
    return handle


def start_in_place(context: Context, launch: ContainerLaunch) -> ContainerHandle:
    """Start its container; the caller holds the session's lock. Raises what starting raises.

    One that was made and never started stands in its place where the engine took its time: whoever asked for that had
    been killed, and was taken for one who had not got that far.
    """
    engine = context.containers
    try:
        return engine.start(launch)
    except AlreadyRunning:
        late = engine.adopt(launch.session_id)
        if late is not None and not engine.discard_unstarted(late):
            raise
        return engine.start(launch)


def end(context: Context, handle: Handle) -> None:
    """At once. Raises EngineUnavailable, EngineFailed and OperationFailed."""
    if isinstance(handle, ContainerHandle):
        context.engine_of(handle).stop(handle, grace_seconds=0)
    elif isinstance(handle, ProcessHandle):
        context.processes.stop(handle, grace_seconds=0)
    else:
        context.tmux_of(handle).stop(handle, grace_seconds=0)


def _container(context: Context, session: Session, where: str) -> ContainerHandle | None:
    address = where or context.engine
    silence = silence_of(address)
    if silence is not None:  # known within two seconds: a list of sessions waits for it
        raise EngineUnavailable(silence, "see what is wrong with: sc doctor")
    engine = context.engine_at(address)
    handle = engine.adopt(session.id)
    return None if handle is not None and engine.discard_unstarted(handle) else handle


def _drop_unseen(context: Context, session: Session, where: str) -> None:
    """Its window never opened, so nobody has started the agent in it."""
    handle = _container(context, session, where)
    if handle is not None:
        end(context, handle)
        context.engine_of(handle).forget(handle)


def _window(context: Context, session: Session, where: str) -> WindowHandle | None:
    """Without its environment the launcher does not begin: a window that tmux opens only now gives up by itself."""
    server = context.tmux_at(where or context.tmux.socket)
    _take_back(context, session)
    handle = server.adopt(session.id)
    if handle is None or not _taken_back(context, session).exists():
        return handle
    # it may have begun in the very moment
    end = server.early_death(handle)
    if end is None or end.exit_code != GAVE_UP:
        return handle
    server.forget(handle)
    return None


def _take_back(context: Context, session: Session) -> None:
    """Remembered, since tmux may open the window when we are long gone. Raises StorageFailed."""
    if (context.folder(session.id).path / "launch" / ENVIRONMENT).exists():
        replace_file(_taken_back(context, session), b"")
    remove_secrets(context, session)


def _taken_back(context: Context, session: Session) -> Path:
    return context.folder(session.id).path / "launch" / "taken-back"
