"""A session that waits in the queue: what it asks for, and what it waits for."""

from __future__ import annotations

from dataclasses import dataclass

from scopecraft.errors import StateUnreadable
from scopecraft.model.session import Session
from scopecraft.queueing.admission import may_next_begin
from scopecraft.sessions.context import Context
from scopecraft.sessions.floors import floors_of
from scopecraft.sessions.kept_request import load_request


@dataclass(frozen=True, slots=True)
class Waiting:
    """`place` is 1 for the next one, 0 for one that has left the line this moment."""

    place: int
    of: int  # how many stand there
    because: str  # a sentence; empty when it is its turn
    prompt: str  # as it was given; empty where there is none, or it cannot be read


def waiting_of(context: Context, session: Session, now: str) -> Waiting:
    """Of a queued session. `now` is ISO 8601."""
    items = context.store.line()
    place = next((item.place for item in items if item.session.id == session.id), 0)
    return Waiting(place, len(items), _because(context, place, now), _prompt(context, session))


def _because(context: Context, place: int, now: str) -> str:
    line = context.store.queue
    obstacle = may_next_begin(line.occupancy(), line.rules(), floors_of(context), now)
    before = f"{place - 1} before it" if place > 1 else ""
    return ", ".join(part for part in (before, obstacle.because if obstacle else "") if part)


def _prompt(context: Context, session: Session) -> str:
    try:
        request = load_request(context.folder(session.id).path)
    except StateUnreadable:
        return ""
    return (request.prompt or "") if request else ""
