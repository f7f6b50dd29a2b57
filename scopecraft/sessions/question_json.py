"""What an agent asks, as programs get it: with an id by which an answer is meant for that very question."""

from __future__ import annotations

import hashlib
from typing import Any

from scopecraft.agents.talk import Question
from scopecraft.errors import Refused
from scopecraft.model.session import Session


def question_id(question: Question) -> str:
    """The agent's own where it has one; else what tells it from the next one."""
    return question.id or hashlib.sha256(f"{question.since}\0{question.text}".encode()).hexdigest()[:16]


def question_dict(session: Session, question: Question) -> dict[str, Any]:
    """All text in it is the agent's own: clean it before showing."""
    return {
        "session": session.id,
        "id": question_id(question),
        "kind": question.kind,
        "text": question.text,
        "since": question.since,
        "is_cut": question.is_cut,
        "inquiries": [
            {
                "text": inquiry.text,
                "choices": [{"label": each.label, "description": each.description} for each in inquiry.choices],
                "is_many": inquiry.is_many,
            }
            for inquiry in question.inquiries
        ],
    }


def require_that(question: Question, wanted: str | None, session: Session) -> None:
    """Raises Refused where another question is open by now than the one that was shown."""
    if wanted is not None and wanted != question_id(question):
        raise Refused("the question has been answered meanwhile", f"see what is asked now: sc answer {session.id}")
