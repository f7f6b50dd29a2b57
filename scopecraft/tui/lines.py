"""Text of any length, of which only what can be seen is drawn; and the one or two lines above and below it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget

from scopecraft.tui.painting import Drawn, plain, strip_of


class Lines(ScrollView, can_focus=True):
    """Lines as they are; longer ones are read by going right. Stays at the end while it is there."""

    DEFAULT_CSS = """
    Lines { height: 1fr; scrollbar-size-vertical: 1; scrollbar-size-horizontal: 1; background: $surface; padding: 0 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "scroll_down", show=False),
        Binding("k,up", "scroll_up", show=False),
        Binding("l,right", "scroll_right", show=False),
        Binding("h,left", "scroll_left", show=False),
        Binding("pagedown,space,ctrl+d", "page_down", show=False),
        Binding("pageup,ctrl+u", "page_up", show=False),
        Binding("home", "scroll_home", show=False),
        Binding("end,G", "scroll_end", show=False),
    ]

    def __init__(self, lines: Sequence[Drawn] = (), *, follows: bool = False, id: str | None = None) -> None:
        super().__init__(id=id)
        self.follows = follows
        self._lines: Sequence[Drawn] = lines
        self._width = 0

    @property
    def lines(self) -> Sequence[Drawn]:
        return self._lines

    @property
    def text(self) -> str:
        return "\n".join(plain(line).rstrip() for line in self._lines)

    def show(self, lines: Sequence[Drawn]) -> None:
        was_at_end = self.scroll_y >= self.max_scroll_y - 1
        self._lines = lines
        self._width = max((_cells(line) for line in lines), default=0)
        self.virtual_size = Size(self._width, len(lines))
        self.refresh()
        if self.follows and was_at_end:
            self.to_end()

    def to_end(self) -> None:
        self.scroll_to(y=len(self._lines), animate=False, immediate=True, force=True)

    def on_mount(self) -> None:
        self.show(self._lines)

    def render_line(self, y: int) -> Strip:
        place = y + round(self.scroll_y)
        line = self._lines[place] if place < len(self._lines) else ""
        is_dark, width = self.app.current_theme.dark, self.size.width
        return strip_of(line, self.rich_style, is_dark=is_dark, width=width, start=round(self.scroll_x))


class Bar(Widget):
    """A few lines that say where one is and which keys there are; nothing to go to."""

    DEFAULT_CSS = """
    Bar { height: auto; padding: 0 1; }
    """

    def __init__(self, lines: Sequence[Drawn] = ("",), *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._lines = lines

    @property
    def text(self) -> str:
        return "\n".join(plain(line).rstrip() for line in self._lines)

    def show(self, lines: Sequence[Drawn]) -> None:
        if list(lines) != list(self._lines):
            is_resized = len(lines) != len(self._lines)
            self._lines = lines
            self.refresh(layout=is_resized)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002 - textual's
        return len(self._lines)

    def render_line(self, y: int) -> Strip:
        line = self._lines[y] if y < len(self._lines) else ""
        is_dark = self.app.current_theme.dark
        return strip_of(line, self.rich_style, is_dark=is_dark, width=self.size.width)


def _cells(line: Drawn) -> int:
    if isinstance(line, Strip):
        return line.cell_length
    from scopecraft.cli.terminal import cells

    return cells(plain(line))
