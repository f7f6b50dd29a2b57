"""What is asked in front of a page: a yes to something that is shown, a text, or the next key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar, TypeVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import TextArea

from scopecraft.cli.terminal import cells, paint, wrap
from scopecraft.model.text import clean_line
from scopecraft.tui.lines import Bar, Lines
from scopecraft.tui.painting import Drawn

R = TypeVar("R")


def key_lines(keys: Iterable[tuple[str, str]], width: int) -> list[str]:
    """`y yes  Esc no`, in as many lines as it takes."""
    lines: list[list[str]] = [[]]
    left = width
    for key, word in keys:
        size = cells(key) + cells(word) + 3
        if size > left + 2 and lines[-1]:
            lines.append([])
            left = width
        lines[-1].append(f"{paint(key, 'blue', 'bold')} {paint(word, 'dim')}")
        left -= size
    return ["  ".join(line) for line in lines]


class Dialog(ModalScreen[R]):
    DEFAULT_CSS = """
    Dialog { align: center middle; background: $background 60%; }
    Dialog > Vertical {
        width: 90%; max-width: 110; height: auto; max-height: 90%; background: $surface; border: round $primary;
    }
    Dialog Lines { height: auto; max-height: 100%; }
    Dialog TextArea { height: 8; border: none; background: $background; padding: 0 1; margin: 0 1; }
    Dialog Input { border: none; height: 1; background: $background; padding: 0 1; margin: 0 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", show=False)]

    def action_leave(self) -> None:
        self.dismiss(None)

    @property
    def room(self) -> int:
        """Cells of a line inside."""
        return max(20, min(110, self.app.size.width * 9 // 10) - 4)


class Choose(Dialog[str]):
    """Something to read, and keys that answer; the answer's word, or None. Any other key scrolls, or does nothing."""

    DEFAULT_CSS = "Choose Lines { height: 1fr; } Choose > Vertical { height: 90%; }"

    def __init__(self, lines: Sequence[Drawn], question: str, answers: Mapping[str, tuple[str, str]]) -> None:
        """`answers` by key: the word that is returned, and what it is called."""
        super().__init__()
        self._shown, self._asked, self._answers = lines, question, answers

    def compose(self) -> ComposeResult:
        keys = [*((key, name) for key, (_, name) in self._answers.items()), ("Esc", "no")]
        with Vertical():
            yield Lines(self._shown)
            yield Bar(["", *wrap(clean_line(self._asked, 400), self.room), *key_lines(keys, self.room)])

    def on_key(self, event: events.Key) -> None:
        answer = self._answers.get(event.character or event.key)
        if answer is not None:
            event.stop()
            self.dismiss(answer[0])
        elif event.character == "n":
            event.stop()
            self.dismiss(None)


class Sure(Choose):
    """A yes or no to a few lines."""

    DEFAULT_CSS = "Sure Lines { height: auto; } Sure > Vertical { height: auto; }"

    def __init__(self, title: str, lines: Sequence[str], question: str) -> None:
        super().__init__([paint(clean_line(title, 200), "bold"), *lines], question, {"y": ("yes", "yes")})


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


class Keys(Dialog[None]):
    """Every key of a page."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("question_mark,q,enter", "leave", show=False)]

    def __init__(self, keys: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self._listed = keys

    def compose(self) -> ComposeResult:
        size = max(len(key) for key, _ in self._listed)
        with Vertical():
            yield Bar([paint("Keys", "bold")])
            yield Lines(
                [f"{paint(key.ljust(size), 'blue', 'bold')}  {word}" if key else word for key, word in self._listed]
            )
