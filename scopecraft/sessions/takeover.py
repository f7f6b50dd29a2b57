"""Taking a conversation over into a window, and handing it back: the one session ends, the next goes on with it.

All that can be known to speak against the next one is found out before the one ends. Whatever fails after that, the
conversation and the commits are kept, and the person hears what to type.
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from scopecraft.errors import NotDelivered, Refused, ScopecraftError
from scopecraft.missions.advance import TAKEN_OVER
from scopecraft.model import clock
from scopecraft.model.session import Session, handle_of, is_live
from scopecraft.sessions.context import Context
from scopecraft.sessions.continuing import GO_ON, conversation_of, follow_request, refuse_waiting
from scopecraft.sessions.conversation_moves import (
    bring_home,
    conversation_held,
    latest_holder,
    refuse_on_host,
    refuse_to_travel,
    refuse_writers,
    require_conversation,
)
from scopecraft.sessions.request import StartRequest
from scopecraft.sessions.settle import settle
from scopecraft.sessions.stop import stop_session

HANDED_BACK = "sc handback"
HEARS_SECONDS = 20.0  # from the interrupt to the end of the container, its commits read out
S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Way(Generic[S]):
    """How whoever asks lets the next session begin; `speak` gives a request their voice."""

    speak: Callable[[StartRequest], StartRequest]
    start: Callable[[Context, StartRequest], S]


def takeover(context: Context, session: Session, way: Way[S], *, on_host: bool) -> S:
    """A dispatch session in a window that goes on with what an autonomous one was at, which is ended politely.

    Raises Refused for a session without a conversation, and what speaks against a window; nothing has ended then.
    """
    refuse_waiting(session)
    if session.mode != "autonomous":
        where = f"go there: sc attach {session.id}" if is_live(session.status) else f"open it: sc resume {session.id}"
        raise Refused(f"{session.id} has a window of its own", where)
    request = way.speak(follow_request(context, session, "takeover", None))
    _refuse_window(context, request, on_host=on_host)
    if on_host:
        refuse_to_travel(session)
    with going_on(context, session, request, on_host=on_host) as session:
        if on_host:
            refuse_on_host(context, request, session.worktree)
        was_live = is_live(session.status)
        if was_live:
            request.on_note(f"ending the turn of {session.id} ({session.task}); Ctrl-C ends it at once …")
        _end(context, session, TAKEN_OVER)
        with _kept(request, session if was_live else None, f"sc takeover {session.id}"):
            return way.start(context, request)


def handback(context: Context, session: Session, prompt: str | None, way: Way[S]) -> S:
    """An autonomous session that goes on with what was done in a window, which is closed politely.

    Raises Refused for a session without a conversation, and what speaks against a container; the window is as it was
    then.
    """
    from scopecraft.sessions.container_start import choose_container

    refuse_waiting(session)
    if session.mode != "dispatch":
        raise Refused(f"{session.id} works by itself already", f"say more: sc resume {session.id} -m TEXT")
    request = way.speak(follow_request(context, session, "handback", prompt or GO_ON))
    choose_container(context, request)
    if not session.is_contained:
        refuse_to_travel(session)
    with going_on(context, session, request, on_host=False, is_ending=True) as session:
        was_live = is_live(session.status)
        if was_live:
            request.on_note(f"closing the window of {session.id} ({session.task}); Ctrl-C closes it at once …")
        session = _end(context, session, HANDED_BACK)
        with _kept(request, session if was_live else None, f"sc handback {session.id}"):
            _bring_home(context, session, request)
            return way.start(context, request)


@contextlib.contextmanager
def going_on(
    context: Context, session: Session, request: StartRequest, *, on_host: bool, is_ending: bool = False
) -> Iterator[Session]:
    """The session whose conversation is gone on with, as it is now; nobody else does so while this is held.

    What the next session needs of the conversation is where that looks for it, unless a window on this machine is still
    to end (`is_ending`). Raises Refused when it is gone, LockHeld and AlreadyRunning when somebody else is at it.
    """
    conversation_id = request.continues.conversation_id if request.continues else None
    assert conversation_id is not None
    with conversation_held(context, conversation_id):
        session = settle(context, session.id)
        refuse_writers(context, conversation_id, but=session.id)
        if is_live(session.status) and handle_of(session.status) is None:
            raise Refused(f"{session.id} is {session.status.kind}", "try again in a moment")
        require_conversation(context, session, conversation_id)
        if not is_ending and not on_host:
            _bring_home(context, session, request)
        yield session


def _bring_home(context: Context, session: Session, request: StartRequest) -> None:
    """Where the conversation went on last on this machine, a container needs a copy of it."""
    assert request.continues is not None
    conversation_id = request.continues.conversation_id or conversation_of(context, session)
    latest = latest_holder(context, session, conversation_id)
    if not latest.is_contained:
        bring_home(context, latest, conversation_id)


def _refuse_window(context: Context, request: StartRequest, *, on_host: bool) -> None:
    """Whatever can be known before anything ends."""
    if on_host:
        from scopecraft.sessions.window_start import choose_program

        choose_program(context, request)
    else:
        from scopecraft.sessions.contained_start import choose_contained

        choose_contained(context, request)


def _end(context: Context, session: Session, by: str) -> Session:
    """Politely: its turn is interrupted where it hears that; Ctrl-C while it takes its time ends it at once."""
    if not is_live(session.status):
        return session
    try:
        if session.executor == "container":
            _end_turn(context, session, by)
        return stop_session(context, session.id, now=False, by=by)
    except KeyboardInterrupt:
        return stop_session(context, session.id, now=True, by=by)


def _end_turn(context: Context, session: Session, by: str) -> None:
    """What it was saying is whole in its conversation; one that does not hear is left for the signal."""
    from scopecraft.sessions import inbox
    from scopecraft.sessions.container_reach import reach

    with contextlib.suppress(Refused, NotDelivered):
        place = reach(context, session)
        context.store.request_stop(session.id, clock.to_text(clock.now()), by)
        inbox.append(place.folder, place.inbox.interrupt(str(uuid.uuid4())), inbox.END_OF_FILE)
        context.engine_of(place.handle).wait(place.handle, HEARS_SECONDS)


@contextlib.contextmanager
def _kept(request: StartRequest, ended: Session | None, again: str) -> Iterator[None]:
    """Says what there still is when the next session does not come up."""
    try:
        yield
    except (ScopecraftError, KeyboardInterrupt):
        if ended is not None:
            request.on_note(f"{ended.id} has ended, its conversation and its commits are kept; try again: {again}")
        raise
