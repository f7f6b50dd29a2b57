"""A list with a cursor of which only what can be seen is drawn: ten thousand rows cost as much as ten."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from scopecraft.tui.painting import strip_of

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Drawing(Generic[T]):
    """How rows look: each as `row_lines` lines in so many cells, below an optional head. `key` tells one from another.

    `empty` is shown where there is no row.
    """

    key: Callable[[T], str]
    lines: Callable[[T, int], Sequence[str]]
    head: Callable[[int], str] | None = None
    row_lines: int = 1
    empty: Sequence[str] = ()


class Rows(ScrollView, Generic[T], can_focus=True):
    """Keeps the cursor on the same row when others come and go around it."""

    DEFAULT_CSS = """
    Rows { height: 1fr; scrollbar-size-vertical: 1; overflow-x: hidden; background: $surface; }
    Rows > .rows--cursor { background: $panel; }
    Rows:focus > .rows--cursor { background: $primary 22%; }
    Rows > .rows--head { color: $secondary; background: $surface; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"rows--cursor", "rows--head"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "by(1)", show=False),
        Binding("k,up", "by(-1)", show=False),
        Binding("pagedown,ctrl+d", "page(1)", show=False),
        Binding("pageup,ctrl+u", "page(-1)", show=False),
        Binding("home", "to_top", show=False),
        Binding("end,G", "to_end", show=False),
        Binding("enter", "choose", show=False),
    ]

    class Moved(Message):
        """The cursor stands on another row."""

        def __init__(self, rows: Rows[Any]) -> None:
            super().__init__()
            self.rows = rows

        @property
        def control(self) -> Rows[Any]:
            return self.rows

    class Chosen(Moved):
        """Enter was pressed, or the row at the cursor clicked."""

    def __init__(self, drawing: Drawing[T], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._drawing = drawing
        self._items: Sequence[T] = ()
        self._cursor = 0
        self._drawn: list[object] = []  # what was to be seen when it was shown last

    @property
    def current(self) -> T | None:
        return self._items[self._cursor] if self._items else None

    @property
    def items(self) -> Sequence[T]:
        return self._items

    def show(self, items: Sequence[T], drawing: Drawing[T] | None = None) -> None:
        """Other rows; where the one at the cursor is gone, the cursor stays at its place."""
        held = self.current
        self._drawing = drawing or self._drawing
        self._items = items
        if held is not None:
            key = self._drawing.key(held)
            self._cursor = next(
                (place for place, item in enumerate(items) if self._drawing.key(item) == key), self._cursor
            )
        self._cursor = max(0, min(self._cursor, len(items) - 1))
        self._resize()
        in_sight = self._in_sight()
        if in_sight != self._drawn:  # a list that is looked at each second is seldom another one
            self._drawn = in_sight
            self.refresh()
        now = self.current
        if (held is None) != (now is None) or (held and now and self._drawing.key(held) != self._drawing.key(now)):
            self.post_message(self.Moved(self))

    def put_cursor(self, key: str) -> None:
        """On the row of that key, if there is one."""
        for place, item in enumerate(self._items):
            if self._drawing.key(item) == key:
                self._put(place)

    def on_resize(self) -> None:
        self._resize()
        self._into_view()

    def render_line(self, y: int) -> Strip:
        width, base = self.size.width, self.rich_style
        is_dark = self.app.current_theme.dark
        if self._drawing.head is not None and self._items:
            if y == 0:
                head = self.get_component_rich_style("rows--head")
                return strip_of(self._drawing.head(width), head, is_dark=is_dark, width=width)
            y -= 1
        if not self._items:
            empty = self._drawing.empty
            return strip_of(empty[y] if y < len(empty) else "", base, is_dark=is_dark, width=width)
        place, part = divmod(y + round(self.scroll_y), self._drawing.row_lines)
        if place >= len(self._items):
            return Strip.blank(width, base)
        if place == self._cursor:
            base = self.get_component_rich_style("rows--cursor")
        lines = self._drawing.lines(self._items[place], width)
        return strip_of(lines[part] if part < len(lines) else "", base, is_dark=is_dark, width=width)

    def action_by(self, count: int) -> None:
        self._put(self._cursor + count)

    def action_page(self, count: int) -> None:
        self._put(self._cursor + count * max(1, self._seen_rows() - 1))

    def action_to_top(self) -> None:
        self._put(0)

    def action_to_end(self) -> None:
        self._put(len(self._items) - 1)

    def action_choose(self) -> None:
        if self._items:
            self.post_message(self.Chosen(self))

    def on_click(self, event: events.Click) -> None:
        y = event.y - self._head_lines()
        place = (y + round(self.scroll_y)) // self._drawing.row_lines
        if y < 0 or place >= len(self._items):
            return
        was = self._cursor
        self._put(place)
        if place == was:
            self.action_choose()

    def _put(self, place: int) -> None:
        place = max(0, min(place, len(self._items) - 1))
        if place != self._cursor:
            self._cursor = place
            self.post_message(self.Moved(self))
        self._into_view()
        self.refresh()

    def _into_view(self) -> None:
        size = self._drawing.row_lines
        top, room = self._cursor * size, max(1, self.size.height - self._head_lines())
        if top < self.scroll_y or self._cursor == 0:
            self.scroll_to(y=top, animate=False, immediate=True)
        elif top + size > self.scroll_y + room:
            whole = -(-(top + size - room) // size) * size  # no row is cut at the top
            self.scroll_to(y=whole, animate=False, immediate=True)

    def _in_sight(self) -> list[object]:
        width, first = self.size.width, round(self.scroll_y) // self._drawing.row_lines
        rows = self._items[first : first + self.size.height // self._drawing.row_lines + 2]
        head = self._drawing.head(width) if self._drawing.head is not None else ""
        empty = [] if self._items else list(self._drawing.empty)
        return [first, self._cursor, len(self._items), head, empty, [self._drawing.lines(row, width) for row in rows]]

    def _seen_rows(self) -> int:
        return max(1, (self.size.height - self._head_lines()) // self._drawing.row_lines)

    def _head_lines(self) -> int:
        return 1 if self._drawing.head is not None and self._items else 0

    def _resize(self) -> None:
        count = len(self._items) * self._drawing.row_lines + self._head_lines()
        self.virtual_size = Size(self.size.width, count)
