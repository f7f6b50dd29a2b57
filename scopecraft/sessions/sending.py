"""A message to an agent. It counts as delivered only when a turn has begun with it, or has taken it up."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Literal

from scopecraft.agents.talk import Typed
from scopecraft.errors import BadInput, NotDelivered, Refused
from scopecraft.model import clock
from scopecraft.model.event import Event
from scopecraft.model.session import Session
from scopecraft.model.text import clean_line
from scopecraft.model.window import DispatchState
from scopecraft.sessions.context import Context
from scopecraft.sessions.redaction import kept_line, secrets_of
from scopecraft.sessions.window_talk import AtWindow, at_window, wait

LONGEST_BYTES = 100_000
DEFAULT_PATIENCE_SECONDS = 20.0
ENTER_AGAIN_SECONDS = 1.0
MOST_ENTERS = 4
KEPT_CHARACTERS = 200

# delivered: its turn has begun; queued: taken, and read when the present turn is over; typed: nobody can tell
How = Literal["delivered", "queued", "typed"]


@dataclass(frozen=True, slots=True)
class Delivery:
    session: Session
    how: How
    is_command: bool = False  # of the program itself: it begins no turn


def check_message(message: str) -> str:
    """Raises BadInput for one that is empty or far too long."""
    if not message.strip():
        raise BadInput("the message is empty", "for example: sc send fix-login 'use the new client'")
    if len(message.encode("utf-8", "surrogateescape")) > LONGEST_BYTES:
        raise BadInput(
            f"a message has at most {LONGEST_BYTES:,} bytes", "put it into a file of the worktree and name that file"
        )
    return message


def send_message(
    context: Context,
    session: Session,
    message: str,
    *,
    patience_seconds: float = DEFAULT_PATIENCE_SECONDS,
    anyway: bool = False,
) -> Delivery:
    """Type it into the session's window, or put it into its container's inbox, and see it taken.

    Raises Refused while the agent asks something, or may do so and nobody can tell (unless `anyway`), BadInput for what
    its program would not read as a message, NotDelivered when no turn has begun in time.
    """
    message = check_message(message)
    if session.executor == "container":
        from scopecraft.sessions.container_talk import send_to_container

        return send_to_container(context, session, message, patience_seconds)
    with at_window(context, session) as window:
        typed = window.talk.typed(message)
        before = _ready(window, patience_seconds, anyway=anyway)
        how = _deliver(window, typed, before, patience_seconds)
        _record(window, message, how)
        return Delivery(window.session, how, not typed.starts_turn)


def _ready(window: AtWindow, patience_seconds: float, *, anyway: bool) -> str:
    """How the agent stands when it can take text: idle, working or unknown."""
    for _ in wait(patience_seconds):
        state = window.state()
        _refuse_waiting(window, state)
        if state.kind != "starting":
            if _may_ask(state) and not anyway:
                raise Refused(
                    f"nobody can tell whether {window.session.agent} asks something just now, and Enter would allow it",
                    f"look there: sc attach {window.session.id}   or: sc send --anyway {window.session.id} TEXT",
                )
            return state.kind
    raise NotDelivered("the agent has not begun yet", f"see what its window shows: sc attach {window.session.id}")


def _refuse_waiting(window: AtWindow, state: DispatchState) -> None:
    if state.kind == "waiting":
        raise Refused(
            f"{window.session.id} waits for an answer first: {clean_line(state.detail, 200) or state.reason}",
            f"answer it: sc answer {window.session.id}   or go there: sc attach {window.session.id}",
        )


def _may_ask(state: DispatchState) -> bool:
    """Whether a question would not be known of: a record of a conversation tells of turns, not of what is asked."""
    return state.kind == "unknown" or (state.kind == "working" and state.source == "transcript")


def _deliver(window: AtWindow, typed: Typed, before: str, patience_seconds: float) -> How:
    since = clock.to_text(clock.now())
    window.tmux.paste(window.handle, typed.text.encode("utf-8", "replace"))
    _refuse_waiting(window, window.state())  # a question that came meanwhile: Enter would answer that
    window.tmux.press(window.handle, "Enter")
    if not typed.starts_turn:
        return "typed"
    entered, presses = time.monotonic(), 1
    for _ in wait(patience_seconds):
        started = window.dialect.turn_started(window.view(), since)
        if started is None:
            return "typed"
        if started:
            return "queued" if before == "working" else "delivered"
        # A long paste may swallow the first Enter. A turn writes its hook before it can ask anything, so an Enter
        # right after a look that saw none answers no question.
        if presses < MOST_ENTERS and time.monotonic() - entered > ENTER_AGAIN_SECONDS and window.state().kind == "idle":
            window.tmux.press(window.handle, "Enter")
            entered, presses = time.monotonic(), presses + 1
    raise NotDelivered(
        f"the message was typed into the window, but no turn began within {patience_seconds:g} s",
        f"see what its window shows: sc attach {window.session.id}",
    )


def _record(window: AtWindow, message: str, how: How) -> None:
    kept = kept_line(secrets_of(window.context, window.session), message, KEPT_CHARACTERS)
    session = window.session
    at = clock.to_text(clock.now())
    data = {"how": how, "text": kept}
    window.context.store.append(Event(0, at, "message_sent", session.mission_id, session.id, data))
