"""Speaking to the agent of a container: through its inbox, and seen in its stream.

What is said is on the disk before anybody waits for an answer, so it reaches the agent whoever dies on the host.
"""

from __future__ import annotations

import time
import uuid
from dataclasses import replace
from typing import Literal

from scopecraft.agents.talk import Question
from scopecraft.errors import NotDelivered, Refused
from scopecraft.model import clock
from scopecraft.model.activity import Asked, Echoed, Finished, Started, Withdrawn
from scopecraft.model.event import Event, EventKind
from scopecraft.model.session import Running, Session, Status, Waiting, WaitingReason
from scopecraft.model.text import clean_line
from scopecraft.sessions import inbox
from scopecraft.sessions.container_reach import AtContainer, Listening, how_to_go_on, reach
from scopecraft.sessions.context import Context
from scopecraft.sessions.redaction import kept_line, secrets_of
from scopecraft.sessions.sending import DEFAULT_PATIENCE_SECONDS, KEPT_CHARACTERS, Delivery, How
from scopecraft.sessions.window_talk import interrupt_window

BEGIN_SECONDS = 1.0  # from being taken to being begun, where nothing else is in work
TURN_END_SECONDS = 3.0  # from the receipt of an interrupt to the end of the turn
NEXT_TURN_SECONDS = 0.3


def send_to_container(context: Context, session: Session, message: str, patience_seconds: float) -> Delivery:
    """Raises Refused as `reach` does and while the agent asks something, NotDelivered when it came too late."""
    place = reach(context, session)
    asked = place.activity().question
    if asked is not None:
        raise Refused(
            f"{session.id} waits for an answer first: {clean_line(asked.text, 200)}",
            f"answer it: sc answer {session.id}",
        )
    message_id = str(uuid.uuid4())
    held = inbox.hold_of(place.folder) is not None
    lines = (inbox.message_line(message_id), place.inbox.message(message, message_id))
    listening = place.tell(*([inbox.RELEASE] if held else []), *lines)
    try:
        how = _how_taken(place, listening, message_id, patience_seconds)
    finally:
        listening.close()
    _record(place, "message_sent", {"how": how, "text": message, "id": message_id})
    return Delivery(_moved(place, None, "session_resumed"), how)


def interrupt_session(
    context: Context,
    session: Session,
    *,
    reason: WaitingReason = "idle",
    by: str = "sc interrupt",
    patience_seconds: float = DEFAULT_PATIENCE_SECONDS,
) -> Session:
    """End the agent's turn and keep its conversation: the session waits, with that reason, until it is told something.

    What runs on for a message that it had taken before is let run. Raises Refused where there is no way to do so,
    NotDelivered when the agent does not hear it.
    """
    if session.executor != "container":
        return interrupt_window(context, session, by, patience_seconds)
    place = reach(context, session)
    request_id = str(uuid.uuid4())
    listening = place.tell(inbox.hold_line(reason), place.inbox.interrupt(request_id))
    try:
        heard = _interrupted(listening, request_id, patience_seconds)
    finally:
        listening.close()
    if heard is None:
        inbox.append(place.folder, inbox.RELEASE)  # nobody waits for it any more
        raise _unheard(place, patience_seconds)
    if heard == "goes on":
        _record(place, "turn_interrupted", {"by": by, "reason": reason})
        return context.store.get(session.id) or session
    return _moved(place, reason, "turn_interrupted", {"by": by, "reason": reason})


def container_question(context: Context, session: Session) -> Question:
    """What the agent asks. Raises Refused when it asks nothing."""
    place = reach(context, session)
    return replace(place.inbox.question(_asked(place, None)), since=clock.to_text(clock.now()))


def answer_container(
    context: Context, session: Session, question: Question, answers: tuple[str, ...], patience_seconds: float
) -> None:
    """Answer that very question, and return when the agent has gone on. Raises as `answer_question` does."""
    place = reach(context, session)
    line = place.inbox.answer(_asked(place, question.id), answers)
    listening = place.tell(line)
    try:
        heard = listening.heard(patience_seconds)
        is_taken = any(isinstance(entry, Withdrawn) and entry.id == question.id for entry in heard)
    finally:
        listening.close()
    if not is_taken:
        raise _unheard(place, patience_seconds)
    _record(place, "question_answered", {"question": question.text, "answer": " / ".join(answers)})
    _moved(place, None, "session_resumed")


def _asked(place: AtContainer, question_id: str | None) -> Asked:
    asked = place.activity().question
    name = place.session.id
    if asked is None and question_id is None:
        raise Refused(f"{name} asks nothing", f"send it a message: sc send {name} 'TEXT'")
    if asked is None or question_id not in (None, asked.id):
        raise Refused("the question has been answered meanwhile", f"see how it is: sc show {name}")
    return asked


def _how_taken(place: AtContainer, listening: Listening, message_id: str, patience_seconds: float) -> How:
    """Queued is also what lies in the inbox of a live agent that has not looked yet: it will."""
    taken_at: float | None = None
    for entry in listening.heard(patience_seconds):
        if isinstance(entry, Echoed) and entry.id == message_id:
            if entry.is_begun:
                return "delivered"
            taken_at = taken_at or time.monotonic()
        if taken_at is not None and time.monotonic() - taken_at > BEGIN_SECONDS:
            return "queued"
    if taken_at is None and (inbox.is_closed(place.folder) or place.is_over()):
        raise NotDelivered(
            f"the message came too late: {place.session.id} had done its work and did not read it",
            how_to_go_on(place.session.id),
        )
    return "queued"


def _interrupted(listening: Listening, request_id: str, seconds: float) -> Literal["waits", "goes on"] | None:
    """None when nobody heard it. It goes on where it had taken another message before."""
    for entry in listening.heard(seconds):
        if isinstance(entry, Echoed) and entry.id == request_id:
            break
    else:
        return None
    # no turn ends where there was none
    any(isinstance(entry, Finished) for entry in listening.heard(TURN_END_SECONDS))
    begun = any(isinstance(entry, Started) for entry in listening.heard(NEXT_TURN_SECONDS))
    return "goes on" if begun else "waits"


def _unheard(place: AtContainer, seconds: float) -> NotDelivered:
    name = place.session.id
    if inbox.is_closed(place.folder) or place.is_over():
        return NotDelivered(f"{name} ended before it heard that", how_to_go_on(name))
    return NotDelivered(f"{name} has not heard that within {seconds:g} s", f"see what it does: sc logs {name} -f")


def _moved(
    place: AtContainer, reason: WaitingReason | None, kind: EventKind, data: dict[str, str] | None = None
) -> Session:
    """The session as it stands now: waiting for that reason, or at work. Others may have seen it before us."""
    store, name = place.context.store, place.session.id
    at = clock.to_text(clock.now())
    while True:
        session = store.get(name) or place.session
        after = _status_after(session.status, reason, at)
        if after is None:
            if kind == "turn_interrupted" and isinstance(session.status, Waiting):
                _record(place, kind, data or {})
            return session
        moved = store.move(name, after, kind, at, seen=session.status, data=data)
        if moved is not None:
            return moved


def _status_after(status: Status, reason: WaitingReason | None, at: str) -> Status | None:
    """None where it is right already, or over."""
    if not isinstance(status, Running | Waiting):
        return None
    if reason is None:
        return Running(status.started_at, status.handle) if isinstance(status, Waiting) else None
    if isinstance(status, Waiting) and status.reason == reason:
        return None
    return Waiting(status.started_at, status.handle, at, reason)


def _record(place: AtContainer, kind: EventKind, data: dict[str, str]) -> None:
    secrets, session = secrets_of(place.context, place.session), place.session
    kept = {name: kept_line(secrets, value, KEPT_CHARACTERS) for name, value in data.items()}
    at = clock.to_text(clock.now())
    place.context.store.append(Event(0, at, kind, session.mission_id, session.id, kept))
