"""A session's conversation, as its agent calls it: learned from the agent, and what it had used before the session."""

from __future__ import annotations

import re

from scopecraft.agents.base import dialect_of_record
from scopecraft.model.activity import Usage
from scopecraft.model.session import Session
from scopecraft.sessions.context import Context

# It becomes an argument of the agent's program one day: nothing that could pass for an option, or for a path
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,199}")
_KINDS = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens")


def learn_conversation(context: Context, session: Session, conversation_id: str | None) -> None:
    """Record the id that the agent told, unless it is known already or cannot be one."""
    if conversation_id and conversation_id != session.conversation_id and _ID.fullmatch(conversation_id):
        context.store.set_conversation(session.id, conversation_id)


def used_before(context: Context, session: Session) -> Usage:
    """What earlier sessions of its conversation used; nothing for agents whose totals do not count that in.

    What an interactive session used is not known, so a headless one after it bears that too.
    """
    if session.conversation_id is None or not dialect_of_record(session.dialect).totals_span_conversation:
        return Usage()
    earlier = {
        other.id
        for other in context.store.sessions(mission_id=session.mission_id)
        if other.conversation_id == session.conversation_id and other.created_at < session.created_at
    }
    if not earlier:
        return Usage()
    events = context.store.events(mission_id=session.mission_id)
    ends = [event.data for event in events if event.kind == "session_ended" and event.session_id in earlier]
    tokens = {kind: sum(_number(end.get(kind)) for end in ends) for kind in _KINDS}
    return Usage(
        input_tokens=int(tokens["input_tokens"]),
        output_tokens=int(tokens["output_tokens"]),
        cache_read_tokens=int(tokens["cache_read_tokens"]),
        cache_write_tokens=int(tokens["cache_write_tokens"]),
        cost_usd=sum(_number(end.get("cost_usd")) for end in ends),
    )


def _number(value: object) -> float:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else 0
