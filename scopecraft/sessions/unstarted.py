"""The honest end of a session that waited, and cannot begin."""

from __future__ import annotations

from contextlib import suppress

from scopecraft.errors import ScopecraftError
from scopecraft.missions.folder import changing
from scopecraft.model import clock
from scopecraft.model.session import Ended, Failed, Queued
from scopecraft.sessions.beginning import clear_start
from scopecraft.sessions.context import Context
from scopecraft.sessions.kept_request import forget_caller
from scopecraft.sessions.step_end import mission_ended


def end_unstarted(context: Context, session_id: str, reason: str) -> None:
    """Failed, with the reason; nothing happens to one that began meanwhile. Raises StorageFailed."""
    session = context.store.get(session_id)
    if session is None or not isinstance(session.status, Queued):
        return
    at = clock.to_text(clock.now())
    outcome = Failed(reason)
    data = {"outcome": outcome.kind}
    ended = context.store.move(
        session_id, Ended(None, at, outcome), "session_ended", at, seen=session.status, data=data
    )
    if ended is None:
        return
    clear_start(context, session)
    forget_caller(context.folder(session_id).path)
    # where the mission was there before; else it was never made
    with suppress(ScopecraftError), changing(context.home, session.mission_id) as mission:
        mission_ended(context, mission, session, outcome, at)
