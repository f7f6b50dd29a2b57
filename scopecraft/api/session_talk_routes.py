"""Speaking to the agent of a session that lives: messages, its questions, the end of its turn."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from scopecraft.api.answer import plain
from scopecraft.api.house import context_of
from scopecraft.api.problem import TALKING, refusals
from scopecraft.api.session_shapes import Body, QuestionShape, SessionId, SessionShape, require_session, shown_now
from scopecraft.api.slow import slow
from scopecraft.sessions.answering import answer_question, open_question
from scopecraft.sessions.container_talk import interrupt_session
from scopecraft.sessions.question_json import question_dict, require_that
from scopecraft.sessions.sending import LONGEST_BYTES, send_message

router = APIRouter(prefix="/api/sessions", tags=["sessions"])
BY = "the API"


class Message(Body):
    message: Annotated[str, Field(max_length=LONGEST_BYTES)]
    anyway: bool = Field(default=False, description="also where nobody can tell whether it asks something just now")


class Sent(BaseModel):
    """`delivered`: a turn has begun with it. `queued`: it is read at the next chance. `typed`: nobody can tell."""

    session: SessionShape
    how: Literal["delivered", "queued", "typed"]


class Answers(Body):
    answers: Annotated[list[str], Field(min_length=1, max_length=20)] = Field(
        description="`allow`, `deny` or what to do instead for a permission; else one for each inquiry"
    )
    id: str | None = Field(default=None, description="of the question that is meant; without it, the one that is open")


@router.post("/{session_id}/send", response_model=Sent, responses=TALKING)
@slow
def send(request: Request, session_id: SessionId, body: Message) -> Response:
    """Say something to the agent. Answers when it is seen to have been taken, which may take twenty seconds."""
    context = context_of(request)
    session = require_session(context, session_id)
    delivery = send_message(context, session, body.message, anyway=body.anyway)
    return plain({"session": shown_now(context, session_id), "how": delivery.how})


@router.get("/{session_id}/question", response_model=QuestionShape, responses=refusals(404, 409, 503))
@slow
def question(request: Request, session_id: SessionId) -> Response:
    """What the agent asks; 409 where it asks nothing, or nothing that can be told from here."""
    context = context_of(request)
    session = require_session(context, session_id)
    return plain(question_dict(session, open_question(context, session)))


@router.post("/{session_id}/answer", response_model=SessionShape, responses=TALKING)
@slow
def answer(request: Request, session_id: SessionId, body: Answers) -> Response:
    """Answer what it asks, and return when it has gone on. One that was answered meanwhile is left alone: 409."""
    context = context_of(request)
    session = require_session(context, session_id)
    asked = open_question(context, session)
    require_that(asked, body.id, session)
    answer_question(context, session, asked, tuple(body.answers))
    return plain(shown_now(context, session_id))


@router.post("/{session_id}/interrupt", response_model=SessionShape, responses=TALKING)
@slow
def interrupt(request: Request, session_id: SessionId) -> Response:
    """End the agent's turn and keep its conversation: it waits for what you say next."""
    context = context_of(request)
    interrupt_session(context, require_session(context, session_id), by=BY)
    return plain(shown_now(context, session_id))
