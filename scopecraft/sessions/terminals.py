"""Windows of sessions in terminals of ours: who is shown one, at what size, and what is left when it has closed."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

from scopecraft.errors import NotFound, Refused, TmuxFailed
from scopecraft.executors.pty_client import PtyClient, Size
from scopecraft.executors.window_viewer import WindowViewer, scroll_to_end, window_size
from scopecraft.model.handle import WindowHandle
from scopecraft.model.session import Ended, Session, handle_of
from scopecraft.model.session_words import end_sentence
from scopecraft.model.text import clean
from scopecraft.sessions.context import Context
from scopecraft.sessions.details import recorded_of
from scopecraft.sessions.settle import settle

__all__ = ["End", "PtyClient", "Size", "Window", "usable", "window_of"]
FEWEST, MOST_COLUMNS, MOST_ROWS = 2, 500, 300
MOST_LINES = 5000


@dataclass(frozen=True, slots=True)
class End:
    """Why nothing more is shown: of a session that `lives` it was the terminal alone that closed."""

    lives: bool
    sentence: str
    screen: tuple[str, ...] = ()  # the last one, safe to show


def usable(columns: int, rows: int) -> Size:
    """The nearest size that a terminal can have."""
    return Size(min(max(columns, FEWEST), MOST_COLUMNS), min(max(rows, FEWEST), MOST_ROWS))


@dataclass(frozen=True, slots=True)
class Window:
    """That of a session that lives."""

    session_id: str
    handle: WindowHandle

    def open(self, fit: Size, *, writes: bool) -> PtyClient:
        """A terminal that shows it; the caller closes it.

        Through one that writes the window becomes as large as `fit`. Any other is as large as the window, so that to
        look at it changes nothing. Raises StartFailed, TmuxMissing, and TmuxFailed for a closed window.
        """
        return WindowViewer(self.handle, fit if writes else window_size(self.handle), writes=writes)

    def size(self) -> Size | None:
        """Now, for all who look at it; None for one that is closed."""
        try:
            return window_size(self.handle)
        except TmuxFailed:
            return None

    def earlier(self, context: Context, lines: int) -> tuple[str, ...]:
        """The screen and what has scrolled off it, oldest first, safe to show. Raises TmuxFailed."""
        shown = context.tmux_of(self.handle).capture(self.handle, lines=min(max(lines, 1), MOST_LINES))
        return tuple(clean(line) for line in shown)

    def let_go(self) -> None:
        """Whoever wrote there does so no more: what they had scrolled back is at its end again, for all who look on."""
        with contextlib.suppress(TmuxFailed):
            scroll_to_end(self.handle)

    def end(self, context: Context) -> End:
        """What to say when it is shown no more. Raises StateUnreadable."""
        session = settle(context, self.session_id)
        if isinstance(session.status, Ended):
            return _ended(context, session, session.status)
        return End(True, "the window is shown no more, the agent goes on")


def window_of(context: Context, session_id: str) -> Window | End:
    """Raises NotFound for a session that nobody knows, Refused for one that lives without a window."""
    session = context.store.get(session_id)
    if session is None:
        raise NotFound(f"no session is called {clean(session_id)[:60]}", "see all of them: sc ls --all")
    session = settle(context, session.id)
    if isinstance(session.status, Ended):
        return _ended(context, session, session.status)
    if session.executor != "tmux":
        raise Refused(
            f"{session.id} works on its own, without a window",
            f"follow its log, or take it over into a window: sc takeover {session.task}",
        )
    handle = handle_of(session.status)
    if not isinstance(handle, WindowHandle):
        raise Refused(f"{session.id} has no window yet: it is {session.status.kind}", "it opens when the agent begins")
    return Window(session.id, handle)


def _ended(context: Context, session: Session, status: Ended) -> End:
    return End(False, end_sentence(status), recorded_of(context, session).screen)
