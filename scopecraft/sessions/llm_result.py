"""What a model answered, from the stream of its call."""

from __future__ import annotations

from scopecraft.agents.records import decoded, text
from scopecraft.model.session import Session
from scopecraft.sessions.context import Context
from scopecraft.sessions.folder import SessionFolder


def answer_text(context: Context, session: Session) -> str:
    """The whole answer; empty where there is none, or none that is of use."""
    return answer_in(context.folder(session.id))


def answer_in(folder: SessionFolder) -> str:
    try:
        with folder.stream.open("rb") as lines:
            last = next((line for line in reversed(lines.readlines()) if b'"type":"result"' in line), b"")
    except OSError:
        return ""
    value = decoded(last)
    if isinstance(value, tuple) or value.get("is_error") is not False:
        return ""
    return text(value.get("result"))
