"""What a person's keys say to a session, beside the screen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scopecraft.model.session import Session, Waiting
from scopecraft.sessions.context import Context
from scopecraft.tui.moves import Hearing

if TYPE_CHECKING:
    from scopecraft.agents.talk import Question

_HOW = {
    "delivered": "delivered: its turn has begun",
    "queued": "taken: it reads the message at the next chance",
    "typed": "typed into its window",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A session, and what its agent wants to know."""

    session: Session
    question: Question


def say(context: Context, session: Session, text: str) -> str:
    from scopecraft.sessions.sending import send_message

    delivery = send_message(context, session, text)
    return f"{delivery.session.task}: {_HOW[delivery.how]}"


def question_of(context: Context, session: Session) -> Asked:
    from scopecraft.sessions.answering import open_question

    return Asked(session, open_question(context, session))


def answer(context: Context, asked: Asked, answers: tuple[str, ...]) -> str:
    from scopecraft.sessions.answering import answer_question

    answer_question(context, asked.session, asked.question, answers)
    return f"{asked.session.task}: refused" if answers == ("deny",) else f"{asked.session.task} goes on"


def interrupt(context: Context, session: Session) -> str:
    from scopecraft.sessions.container_talk import interrupt_session

    found = interrupt_session(context, session, by="sc top")
    waits = isinstance(found.status, Waiting)
    return f"{found.task} is interrupted" + (" and waits for you" if waits else ", and goes on with an earlier message")


def stop(context: Context, session: Session) -> str:
    from scopecraft.sessions.stop import stop_session

    stopped = stop_session(context, session.id, now=False, by="sc top")
    return f"{stopped.task} is stopped"


def take_over(context: Context, session: Session, hearing: Hearing) -> Session:
    """The session in a window that goes on with its conversation."""
    from scopecraft.cli.going_on import open_window
    from scopecraft.sessions.request import StartRequest
    from scopecraft.sessions.settle import settle
    from scopecraft.sessions.takeover import Way, takeover

    def start(within: Context, request: StartRequest) -> Session:
        return open_window(within, request, on_host=False)

    way = Way(hearing, start)
    return takeover(context, settle(context, session.id), way, on_host=False)
