"""What `sc show` says of a session that waits in the queue."""

from __future__ import annotations

from scopecraft.model import clock
from scopecraft.model.session import Queued, Session
from scopecraft.model.text import clean_line
from scopecraft.sessions.context import Context

_MOST_OF_A_PROMPT = 200


def waiting_rows(context: Context, session: Session) -> list[tuple[str, str]]:
    """Its place, what it waits for, and the beginning of what it was asked; nothing for one that does not wait."""
    if not isinstance(session.status, Queued):
        return []
    from scopecraft.sessions.waiting import waiting_of

    waiting = waiting_of(context, session, clock.to_text(clock.now()))
    rows = [("place", f"{waiting.place} of {waiting.of}")] if waiting.place else []
    rows.append(("waits for", waiting.because or "its start"))
    if waiting.prompt.strip():
        rows.append(("asked for", clean_line(waiting.prompt, _MOST_OF_A_PROMPT)))
    return rows
