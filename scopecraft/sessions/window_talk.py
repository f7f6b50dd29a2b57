"""What sending and answering share: a session's window, how its agent stands, and the keys that go there."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass

from scopecraft.agents.base import Dialect, dialect_of_record
from scopecraft.agents.talk import Paste, Step, Talk, talk_of
from scopecraft.atomic import file_lock
from scopecraft.errors import LockHeld, Refused
from scopecraft.executors.tmux import TmuxExecutor
from scopecraft.model import clock
from scopecraft.model.handle import WindowHandle
from scopecraft.model.session import Session, handle_of, is_live
from scopecraft.model.window import DispatchState, WindowView
from scopecraft.sessions.context import Context
from scopecraft.sessions.look import window_view

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
    session = _still_alive(context, session)
    handle = handle_of(session.status)
    if not isinstance(handle, WindowHandle):
        raise Refused(
            f"{session.id} works by itself in a container and takes no messages",
            f"follow it: sc attach {session.id}   or end it and start anew: sc stop {session.id}",
        )
    try:
        with file_lock(context.folder(session.id).path / "typing.lock", timeout=OTHERS_SECONDS):
            yield AtWindow(context, session, handle, dialect_of_record(session.dialect))
    except LockHeld as error:
        raise LockHeld(f"another command types into {session.id}", "try again in a moment") from error


def _still_alive(context: Context, session: Session) -> Session:
    from scopecraft.sessions.settle import settle

    if is_live(session.status):
        session = settle(context, session.id)
    if not is_live(session.status):
        raise Refused(f"{session.id} ({session.task}) has ended", f"open another session: sc dispatch {session.task}")
    return session


def wait(seconds: float) -> Iterator[None]:
    """Until the time is over, now and then; the last time is after its end."""
    deadline = time.monotonic() + seconds
    while True:
        is_last = time.monotonic() >= deadline
        yield
        if is_last:
            return
        time.sleep(POLL_SECONDS)
