"""Speaking to a headless agent while it works, where its dialect carries an `inbox`: what is appended to the session's.

Pure: lines, and what a question asks. Each line is ASCII, ends with a newline, and does not begin with `#`.
"""

from __future__ import annotations

from typing import Protocol

from scopecraft.agents.talk import Question
from scopecraft.model.activity import Asked


class Inbox(Protocol):
    def message(self, text: str, message_id: str) -> bytes:
        """A message of the person; the agent echoes `message_id`, a UUID, when it has read it."""
        ...

    def interrupt(self, request_id: str) -> bytes:
        """Ends the turn and keeps the conversation; the agent echoes `request_id`."""
        ...

    def question(self, asked: Asked) -> Question:
        """What it asks, in full, as far as that can be told."""
        ...

    def answer(self, asked: Asked, answers: tuple[str, ...]) -> bytes:
        """Raises BadInput, naming the choices, and Refused for what cannot be answered from here."""
        ...


def inbox_of(dialect: object) -> Inbox | None:
    """None for an agent that hears nothing but its prompt."""
    own: Inbox | None = getattr(dialect, "inbox", None)
    return own
