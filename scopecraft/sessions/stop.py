"""Stopping a session: politely, then hard; its state and log are complete when this returns."""

from __future__ import annotations

from scopecraft.errors import EngineUnavailable, Refused
from scopecraft.model import clock
from scopecraft.model.handle import ContainerHandle, Handle, ProcessHandle, Unknown
from scopecraft.model.session import Ended, Killed, Queued, Session, handle_of, is_live
from scopecraft.sessions.contained import HARVEST_ROOM_SECONDS, container_of, has_both, own_grace, stop_container
from scopecraft.sessions.context import Context
from scopecraft.sessions.kept_request import forget_caller
from scopecraft.sessions.settle import settle, settle_and_look
from scopecraft.sessions.step_end import left_line

WINDOW_GRACE_SECONDS = 10


def stop_session(context: Context, session_id: str, *, now: bool, by: str = "sc stop") -> Session:
    """The session, ended; one that had ended already is returned as it is. Raises EngineUnavailable, TmuxFailed.

    `by` is the command that a person gave.
    """
    session, look = settle_and_look(context, session_id)
    if not is_live(session.status):
        return session
    if isinstance(session.status, Queued):
        return leave_line(context, session, by)
    handle = handle_of(session.status)
    if handle is None:
        raise Refused(f"{session.id} is still being started by another command", "try again in a moment")
    if isinstance(look, Unknown) and isinstance(handle, ContainerHandle):
        # not recorded as asked for: nobody will hear it, and it may end well by itself
        raise EngineUnavailable(look.why, "see what is wrong with: sc doctor")
    if has_both(session):
        container_of(context, session)  # for what it raises
    at = clock.to_text(clock.now())
    context.store.request_stop(session.id, at, f"{by} --now" if now else by)
    _stop(context, session, handle, now=now)
    session = settle(context, session.id)
    if is_live(session.status):
        raise Refused(f"{session.id} could not be seen to end", "see why with: sc doctor")
    return session


def leave_line(context: Context, session: Session, by: str) -> Session:
    """Take a session that waits out of the queue. Raises Refused for one that has begun meanwhile."""
    at = clock.to_text(clock.now())
    gone = Ended(None, at, Killed(by))
    ended = context.store.move(session.id, gone, "session_ended", at, seen=session.status, data={"outcome": "killed"})
    if ended is None:
        raise Refused(f"{session.id} has begun meanwhile", f"end it: sc stop {session.id}")
    forget_caller(context.folder(session.id).path)
    left_line(context, session, at)  # whoever dies before this leaves it to `carry_on`
    return ended


def _stop(context: Context, session: Session, handle: Handle, *, now: bool) -> None:
    if isinstance(handle, ContainerHandle):
        grace = own_grace(context, session) + HARVEST_ROOM_SECONDS
        context.engine_of(handle).stop(handle, grace_seconds=0 if now else grace)
    elif isinstance(handle, ProcessHandle):
        context.processes.stop(handle, grace_seconds=0 if now else own_grace(context, session))
    else:
        if has_both(session):
            stop_container(context, session, now=now)
            # it ends by itself, with the agent's code
            context.tmux_of(handle).early_death(handle, seconds=WINDOW_GRACE_SECONDS)
        context.tmux_of(handle).stop(handle, grace_seconds=0 if now else WINDOW_GRACE_SECONDS)
