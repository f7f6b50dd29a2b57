"""Stopping a session: politely, then hard; its state and log are complete when this returns."""

from __future__ import annotations

from scopecraft.errors import Refused
from scopecraft.model import clock
from scopecraft.model.handle import ContainerHandle, Handle
from scopecraft.model.session import Session, handle_of, is_live
from scopecraft.sessions.context import Context
from scopecraft.sessions.settle import settle
from scopecraft.sessions.settle_facts import load_facts

# After the agent's own grace the launcher still reads out the commits
HARVEST_ROOM_SECONDS = 60
WINDOW_GRACE_SECONDS = 10


def stop_session(context: Context, session_id: str, *, now: bool) -> Session:
    """The session, ended; one that had ended already is returned as it is. Raises EngineUnavailable, TmuxFailed."""
    session = settle(context, session_id)
    if not is_live(session.status):
        return session
    at = clock.to_text(clock.now())
    context.store.request_stop(session.id, at, "sc stop --now" if now else "sc stop")
    handle = handle_of(session.status)
    if handle is None:
        raise Refused(f"{session.id} is still being started by another command", "try again in a moment")
    _stop(context, session, handle, now=now)
    session = settle(context, session.id)
    if is_live(session.status):
        raise Refused(f"{session.id} could not be seen to end", "see why with: sc doctor")
    return session


def _stop(context: Context, session: Session, handle: Handle, *, now: bool) -> None:
    if isinstance(handle, ContainerHandle):
        limits = load_facts(context.folder(session.id)).limits
        grace = (limits.stop_grace_seconds if limits else 10) + HARVEST_ROOM_SECONDS
        context.engine_of(handle).stop(handle, grace_seconds=0 if now else grace)
    else:
        context.tmux_of(handle).stop(handle, grace_seconds=0 if now else WINDOW_GRACE_SECONDS)
