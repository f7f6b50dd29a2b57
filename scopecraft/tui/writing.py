"""A text that a person writes in front of a page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import TextArea

from scopecraft.cli.terminal import paint
from scopecraft.model.text import clean_line
from scopecraft.tui.dialogs import Dialog, key_lines
from scopecraft.tui.lines import Bar
from scopecraft.tui.painting import Drawn


class Write(Dialog[str]):
    """A text of several lines; None, or with nothing in it, where the person left it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "send", show=False, priority=True),
        Binding("ctrl+o", "editor", show=False, priority=True),
    ]

    def __init__(self, title: str, lines: Sequence[Drawn], send: str, *, text: str = "") -> None:
        super().__init__()
        self._called, self._shown, self._sends, self._text = title, lines, send, text

    def compose(self) -> ComposeResult:
        keys = (("Ctrl-S", self._sends), ("Ctrl-O", "your editor"), ("Esc", "leave it"))
        with Vertical():
            yield Bar([paint(clean_line(self._called), "bold")])
            if self._shown:
                yield Bar(self._shown[:12])
            yield TextArea(self._text, soft_wrap=True, compact=True)
            yield Bar(key_lines(keys, self.room))

    def action_send(self) -> None:
        self.dismiss(self.query_one(TextArea).text)

    def action_editor(self) -> None:
        from scopecraft.tui.outside import edited_outside

        area = self.query_one(TextArea)
        area.text = edited_outside(self.app, area.text)
