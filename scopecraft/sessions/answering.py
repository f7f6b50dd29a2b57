"""Answering what a waiting agent asks, after it was shown."""

from __future__ import annotations

import time
from datetime import datetime

from scopecraft.agents.talk import Answer, Question
from scopecraft.errors import NotDelivered, Refused
from scopecraft.model import clock
from scopecraft.model.event import Event
from scopecraft.model.session import Session
from scopecraft.model.text import clean_line
from scopecraft.sessions.context import Context
from scopecraft.sessions.redaction import kept_line, secrets_of
from scopecraft.sessions.sending import KEPT_CHARACTERS, Delivery, send_message
from scopecraft.sessions.window_talk import POLL_SECONDS, AtWindow, at_window, wait

QUESTION_SECONDS = 3.0  # between a question on the screen and the hook that tells what it is
DEFAULT_PATIENCE_SECONDS = 20.0
DEAF_SECONDS = 1.5  # a question takes no keys in its first moments, lest they be meant for something else
STEP_SECONDS = 0.3
AGAIN_SECONDS = 2.0
SCREEN_LINES = 100


def open_question(context: Context, session: Session) -> Question:
    """What the session's agent asks. Raises Refused when it asks nothing, or nothing that can be told from here."""
    if session.executor == "container":
        from scopecraft.sessions.container_talk import container_question

        return container_question(context, session)
    with at_window(context, session) as window:
        return _question(window)


def answer_question(
    context: Context,
    session: Session,
    question: Question,
    answers: tuple[str, ...],
    *,
    patience_seconds: float = DEFAULT_PATIENCE_SECONDS,
) -> Delivery | None:
    """Answer that very question, and return when the agent has gone on; with the message that followed, if any.

    `answers` are `allow` or `deny` for a permission, one text for each inquiry of a question. Raises Refused when it
    is not asked any more, BadInput for what is no answer to it, NotDelivered when the agent does not go on.
    """
    if session.executor == "container":
        from scopecraft.sessions.container_talk import answer_container

        answer_container(context, session, question, answers, patience_seconds)
        return None
    with at_window(context, session) as window:
        answer = window.talk.answer(question, answers)
        _require_same(window, question)
        _carry_out(window, question, answer, patience_seconds)
        _record(window, question, answers)
        session = window.session
    if answer.message is None:
        return None
    return send_message(context, session, answer.message, patience_seconds=patience_seconds)


def _question(window: AtWindow) -> Question:
    name = window.session.id
    for _ in wait(QUESTION_SECONDS):
        state = window.state()
        if state.kind == "unknown":
            raise Refused(
                f"nobody can tell whether {window.session.agent} asks something just now",
                f"look there: sc attach {name}",
            )
        if state.kind != "waiting":
            raise Refused(f"{name} asks nothing: it is {state.kind}", f"send it a message: sc send {name} 'TEXT'")
        question = window.talk.question(window.view(), state)
        if question is not None:
            return question
    raise Refused(
        f"{name} waits for you, and what it asks cannot be told from here: {clean_line(state.detail, 200)}",
        f"answer it in its window: sc attach {name}",
    )


def _is_asked(window: AtWindow, question: Question) -> bool:
    state = window.state()
    now = window.talk.question(window.view(), state) if state.kind == "waiting" else None
    return now is not None and (now.since, now.text) == (question.since, question.text)


def _require_same(window: AtWindow, question: Question) -> None:
    if not _is_asked(window, question):
        raise Refused("the question has been answered meanwhile", f"see how it is: sc show {window.session.id}")


def _carry_out(window: AtWindow, question: Question, answer: Answer, patience_seconds: float) -> None:
    _let_it_settle(question, clock.now())
    _require_same(window, question)  # a person at the window may have been faster, and the next one be asked
    before, pressed = _screen(window), time.monotonic()
    for number, step in enumerate(answer.steps):
        if number:
            time.sleep(STEP_SECONDS)
            if not _is_asked(window, question):
                break  # the rest would be keys for something else
        window.do(step)
    for _ in wait(patience_seconds):
        if not _is_asked(window, question):
            return
        if answer.may_repeat and time.monotonic() - pressed > AGAIN_SECONDS:
            # it says that it goes on later than its screen does, and a key too many would stand in its input line
            if _screen(window) == before:
                window.do(answer.steps[0])
            pressed = time.monotonic()
    raise NotDelivered(
        f"the answer was typed, but the agent has not gone on within {patience_seconds:g} s",
        f"see what its window shows: sc attach {window.session.id}",
    )


def _screen(window: AtWindow) -> tuple[str, ...]:
    return window.tmux.capture(window.handle, lines=SCREEN_LINES)


def _let_it_settle(question: Question, now: datetime) -> None:
    age = (now - clock.from_text(question.since)).total_seconds()
    time.sleep(max(POLL_SECONDS, min(DEAF_SECONDS, DEAF_SECONDS - age)))


def _record(window: AtWindow, question: Question, answers: tuple[str, ...]) -> None:
    session, at = window.session, clock.to_text(clock.now())
    secrets = secrets_of(window.context, session)
    data = {
        "question": kept_line(secrets, question.text, KEPT_CHARACTERS),
        "answer": kept_line(secrets, " / ".join(answers), KEPT_CHARACTERS),
    }
    window.context.store.append(Event(0, at, "question_answered", session.mission_id, session.id, data))
