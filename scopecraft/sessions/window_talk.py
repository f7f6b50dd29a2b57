"""Speaking to an agent in its window: the window, how the agent stands, the keys that go there, and an interrupt."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass

from scopecraft.agents.base import Dialect, dialect_of_record
from scopecraft.agents.keeping import keeping_of
from scopecraft.agents.talk import Paste, Step, Talk, interrupt_key_of, talk_of
from scopecraft.atomic import file_lock
from scopecraft.errors import LockHeld, NotDelivered, Refused
from scopecraft.executors.tmux import TmuxExecutor
from scopecraft.model import clock
from scopecraft.model.event import Event
from scopecraft.model.handle import Alive, WindowHandle
from scopecraft.model.session import Session, handle_of, is_live
from scopecraft.model.window import DispatchState, WindowView
from scopecraft.sessions.context import Context
from scopecraft.sessions.look import observe, window_view

POLL_SECONDS = 0.05
OTHERS_SECONDS = 10


@dataclass(frozen=True, slots=True)
class AtWindow:
    """A live dispatch session, for as long as nobody else types into its window through us."""

    context: Context
    session: Session
    handle: WindowHandle
    dialect: Dialect

    @property
    def talk(self) -> Talk:
        return talk_of(self.dialect)

    @property
    def tmux(self) -> TmuxExecutor:
        return self.context.tmux_of(self.handle)

    def view(self) -> WindowView:
        return window_view(self.context, self.session, clock.now())

    def state(self) -> DispatchState:
        return self.dialect.window_state(self.view())

    def do(self, step: Step) -> None:
        if isinstance(step, Paste):
            self.tmux.paste(self.handle, step.text.encode("utf-8", "replace"))
        else:
            self.tmux.press(self.handle, step.key)


@contextlib.contextmanager
def at_window(context: Context, session: Session) -> Iterator[AtWindow]:
    """Raises Refused for a session that has ended or has no window, LockHeld while another command types there."""
    session = still_alive(context, session)
    handle = handle_of(session.status)
    if session.executor == "process":
        raise Refused(f"{session.id} is a call of a model: nobody can talk to it", f"end it: sc stop {session.id}")
    if not isinstance(handle, WindowHandle):
        raise Refused(f"{session.id} has no window", f"see how it is: sc show {session.id}")
    try:
        with file_lock(context.folder(session.id).path / "typing.lock", timeout=OTHERS_SECONDS):
            yield AtWindow(context, session, handle, dialect_of_record(session.dialect))
    except LockHeld as error:
        raise LockHeld(f"another command types into {session.id}", "try again in a moment") from error


def still_alive(context: Context, session: Session) -> Session:
    """As it is now. Raises Refused for a session that has ended."""
    from scopecraft.sessions.settle import settle

    if is_live(session.status):
        session = settle(context, session.id)
    if not is_live(session.status):
        goes_on = session.conversation_id is not None and keeping_of(dialect_of_record(session.dialect)) is not None
        hint = (
            f"go on with it: sc resume {session.id}" if goes_on else f"open another session: sc dispatch {session.task}"
        )
        raise Refused(f"{session.id} ({session.task}) has ended", hint)
    return session


def interrupt_window(context: Context, session: Session, by: str, patience_seconds: float) -> Session:
    """Press the key that ends a turn, once, and see it end.

    Raises Refused where there is no such key or no turn, NotDelivered when the turn goes on.
    """
    with at_window(context, session) as window:
        key = _interrupt_key(window)
        window.tmux.press(window.handle, key)
        for _ in wait(patience_seconds):
            if window.state().kind == "idle":
                break
        else:
            raise NotDelivered(
                f"the turn has not ended within {patience_seconds:g} s",
                f"see what its window shows: sc attach {window.session.id}",
            )
        event = Event(0, clock.to_text(clock.now()), "turn_interrupted", session.mission_id, session.id, {"by": by})
        context.store.append(event)
        return observe(context, window.session, Alive())[0]


def _interrupt_key(window: AtWindow) -> str:
    key, name = interrupt_key_of(window.talk), window.session.id
    there = f"look there: sc attach {name}"
    if key is None:
        raise Refused(f"nobody knows the key that ends a turn of {window.session.agent}", there)
    kind = window.state().kind
    if kind == "waiting":
        raise Refused(f"{name} waits for an answer", f"refuse what it asks, which ends the turn: sc answer {name} deny")
    if kind == "unknown":
        raise Refused(f"nobody can tell whether {window.session.agent} works on something just now", there)
    if kind != "working":
        # at rest the same key, pressed twice, would take the conversation back
        raise Refused(f"{name} works on nothing: it is {kind}", f"send it a message: sc send {name} 'TEXT'")
    return key


def wait(seconds: float) -> Iterator[None]:
    """Until the time is over, now and then; the last time is after its end."""
    deadline = time.monotonic() + seconds
    while True:
        is_last = time.monotonic() >= deadline
        yield
        if is_last:
            return
        time.sleep(POLL_SECONDS)
