"""The log of a session: its last rows, followed while it lives, older ones on demand, by kind and by words."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, ClassVar, TypeVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input

from scopecraft.cli.terminal import Tone, fit, pad, paint, wrap
from scopecraft.model import clock
from scopecraft.model.session import Queued, Session, is_live
from scopecraft.model.text import clean_line
from scopecraft.sessions.context import Context
from scopecraft.sessions.log_detail import log_of
from scopecraft.sessions.log_pages import LogFile, LogPage, Wanted, page_after, page_before
from scopecraft.tui.lines import Bar, Lines

if TYPE_CHECKING:
    from scopecraft.sessions.entry_words import Kind, Mood
    from scopecraft.sessions.log_rows import Row
    from scopecraft.tui.app import Top

T = TypeVar("T")
POLL_SECONDS = 0.2
MOST_ROWS = 2_000
PAGE_ROWS = 300
_TITLE_CELLS = 9
_MOODS: dict[Mood, tuple[Tone, ...]] = {
    "plain": ("bold",),
    "quiet": ("dim",),
    "good": ("green",),
    "caution": ("yellow", "bold"),
    "bad": ("red", "bold"),
}
_KINDS: tuple[tuple[str, frozenset[Kind]], ...] = (
    ("all", frozenset()),
    ("messages", frozenset({"message", "user"})),
    ("tools", frozenset({"tool", "result"})),
    ("errors", frozenset({"error", "alert"})),
)


class Log(Vertical):
    DEFAULT_CSS = """
    Log > Bar { background: $surface; height: 1; }
    Log > Input { display: none; border: none; height: 1; background: $panel; padding: 0 1; }
    Log > Input.is-open { display: block; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "unsearch", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._session: Session | None = None
        self._file: LogFile | None = None
        self._rows: list[Row] = []
        self._drawn: list[str] = []  # their lines
        self._before: int | None = None
        self._after: int | None = 0
        self._bytes = 0
        self._kind = 0
        self._search = ""
        self._is_reading = False
        self._turn = 0  # whose answers count

    def compose(self) -> ComposeResult:
        yield Bar(id="log-head")
        yield Input(placeholder="words in the log   Enter searches, empty shows all", compact=True)
        yield Lines(follows=True, id="log-lines")

    @property
    def top(self) -> Top:
        return cast("Top", self.app)

    @property
    def lines(self) -> Lines:
        return self.query_one("#log-lines", Lines)

    def on_mount(self) -> None:
        self.set_interval(POLL_SECONDS, self._read_on)
        self._redraw()

    def on_resize(self) -> None:
        self._redraw()

    def show(self, session: Session | None) -> None:
        """The log of that session; of the same one as it goes on."""
        is_same = session is not None and self._session is not None and session.id == self._session.id
        was_live = self._session is not None and is_live(self._session.status)
        if is_same and session is not None and was_live and not is_live(session.status):
            self._file = None  # half a line at its end counts now
        self._session = session
        if not is_same:
            self._begin()

    def follow(self) -> None:
        self.lines.follows = not self.lines.follows
        if self.lines.follows:
            self.lines.to_end()
        self._redraw_head()

    def next_kind(self) -> None:
        self._kind = (self._kind + 1) % len(_KINDS)
        self._begin()

    def search(self) -> None:
        field = self.query_one(Input)
        field.add_class("is-open")
        field.focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002 - textual's
        """Without a search `Esc` is for the page."""
        return action != "unsearch" or self.query_one(Input).has_class("is-open")

    def action_unsearch(self) -> None:
        field = self.query_one(Input)
        field.value = ""
        field.remove_class("is-open")
        self.lines.focus()
        if self._search:
            self._search = ""
            self._begin()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._search = event.value.strip()
        if not self._search:
            self.query_one(Input).remove_class("is-open")
        self.lines.focus()
        self._begin()

    def older(self) -> None:
        if self._before is not None and self._file is not None:
            self._read("reading", partial(page_before, self._file, self._before, self._wanted()), self._put_before)

    def _begin(self) -> None:
        """Its end, read anew."""
        self._turn += 1
        self._rows, self._drawn, self._before, self._after, self._file = [], [], None, 0, None
        self._is_reading = False
        self._redraw()
        session = self._session
        if session is None or isinstance(session.status, Queued) or session.executor == "tmux":
            return
        wanted = self._wanted()

        def read(context: Context) -> tuple[LogFile, LogPage]:
            file = log_of(context, session)
            return file, page_before(file, None, wanted)

        def put(found: tuple[LogFile, LogPage]) -> None:
            self._file, page = found
            self._after = page.after
            self._put_before(page)
            self.lines.to_end()

        self._job("", read, put)

    def _read_on(self) -> None:
        """What was written since; nothing where the stream has not grown."""
        session = self._session
        if session is None or self._is_reading or self._after is None or not self.top.shows(self):
            return
        if self._file is None:
            if not isinstance(session.status, Queued) and session.executor != "tmux":
                self._reopen(session)
            return
        try:
            size = self._file.path.stat().st_size
        except OSError:
            return
        if size < self._after:
            self._begin()  # somebody else has written there
        elif size > self._after and (size > self._bytes or self._file.is_over):
            self._bytes = size
            self._read("", partial(page_after, self._file, self._after, self._wanted()), self._put_after)

    def _reopen(self, session: Session) -> None:
        def put(file: LogFile) -> None:
            self._file = file
            self._bytes = 0

        self._job("", lambda context: log_of(context, session), put)

    def _read(self, words: str, read: Callable[[], LogPage], put: Callable[[LogPage], None]) -> None:
        self._job(words, lambda _: read(), put)

    def _job(self, words: str, do: Callable[[Context], T], then: Callable[[T], None]) -> None:
        """An answer that comes after something else was asked for is dropped."""
        self._is_reading, turn = True, self._turn

        def done(found: T) -> None:
            if turn == self._turn and self.top.shows(self):
                self._is_reading = False
                then(found)

        self.top.job(words, do, done)

    def _wanted(self) -> Wanted:
        return Wanted(PAGE_ROWS, _KINDS[self._kind][1], self._search)

    def _put_before(self, page: LogPage) -> None:
        lines = self._lines_of(page.rows)
        self._rows = [*page.rows, *self._rows]
        self._drawn = [*lines, *self._drawn]
        self._before, self._bytes = page.before, max(self._bytes, page.size)
        self._show_drawn()
        self.lines.scroll_to(y=len(lines), animate=False, immediate=True)

    def _put_after(self, page: LogPage) -> None:
        self._after = page.after
        if not page.rows:
            return
        self._rows += page.rows
        self._drawn += self._lines_of(page.rows)
        if len(self._rows) > MOST_ROWS and self.lines.follows:
            self._rows = self._rows[-MOST_ROWS // 2 :]
            self._before = self._rows[0].offset
            self._drawn = self._lines_of(self._rows)
        self._show_drawn()

    def _redraw(self) -> None:
        self._drawn = self._lines_of(self._rows)
        self._show_drawn()

    def _show_drawn(self) -> None:
        self.lines.show(list(self._drawn) or [paint(self._nothing(), "dim")])
        self._redraw_head()

    def _redraw_head(self) -> None:
        parts = [f"{paint('K', 'blue', 'bold')} {_KINDS[self._kind][0]}"]
        parts += [f"{paint('/', 'blue', 'bold')} {clean_line(self._search, 30) or paint('search', 'dim')}"]
        parts += [f"{paint('f', 'blue', 'bold')} {'follows' if self.lines.follows else paint('stands', 'dim')}"]
        if self._before is not None:
            parts.append(f"{paint('o', 'blue', 'bold')} older")
        name = f"{self._session.step_id} · {self._session.id}" if self._session else ""
        self.query_one("#log-head", Bar).show(["  ".join([*parts, paint(clean_line(name), "dim")])])

    def _nothing(self) -> str:
        session = self._session
        if session is None:
            return "no session yet: c lets the mission go on"
        if isinstance(session.status, Queued):
            return "it waits in line; its log begins when it does"
        if session.executor == "tmux":
            return "its agent works in a window: w goes there" if is_live(session.status) else "it was in a window"
        return "nothing that fits" if self._search or self._kind else "it has said nothing yet"

    def _lines_of(self, rows: Iterable[Row]) -> list[str]:
        width = max(20, self.size.width - 4)
        return [line for row in rows for line in row_lines(row, width)]


def row_lines(row: Row, width: int) -> list[str]:
    """The time, what it is, and its text, wrapped; the text is safe already."""
    at = f"{clock.from_text(row.at).astimezone():%H:%M:%S} " if row.at and width >= 60 else ""
    title = pad(fit(row.title, _TITLE_CELLS if width < 100 else 14), _TITLE_CELLS)
    margin = " " * (len(at) + len(title) + 1)
    room = max(10, width - len(margin))
    tones: tuple[Tone, ...] = ("blue", "bold") if row.kind == "tool" else _MOODS[row.mood]
    text_tones: tuple[Tone, ...] = ("dim",) if row.kind == "result" or row.mood == "quiet" else ()
    bar = "| " if row.subagent else ""
    parts = [part for line in row.text.expandtabs(4).split("\n") for part in wrap(line, room - len(bar))]
    if row.left:
        parts.append(f"… {row.left:,} more line{'' if row.left == 1 else 's'}")
    shown = [paint(f"{bar}{part}", *text_tones) for part in parts]
    return [f"{paint(at, 'dim')}{paint(title, *tones)} {shown[0]}", *(f"{margin}{part}" for part in shown[1:])]
