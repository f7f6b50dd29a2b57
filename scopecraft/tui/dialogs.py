"""What is asked in front of a page: a yes to something that is shown, a text, or the next key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar, TypeVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from scopecraft.cli.terminal import cells, paint, wrap
from scopecraft.model.text import clean_line
from scopecraft.tui.lines import Bar, Lines
from scopecraft.tui.painting import Drawn

R = TypeVar("R")
_LEAST_WORDS = 16
_BESIDE_WORDS = 4  # cells: the gap before them, and the bar that scrolls


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


def room_of(width: int) -> int:
    """Cells of a line in a dialog on a screen of so many."""
    return max(20, min(110, width * 9 // 10) - 4)


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
        return room_of(self.app.size.width)


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
            yield Lines([line for key, word in self._listed for line in self._rows(key, word, size)])

    def _rows(self, key: str, word: str, size: int) -> list[str]:
        if not key:
            return [word]
        first, *rest = wrap(word, max(_LEAST_WORDS, self.room - size - _BESIDE_WORDS))
        return [f"{paint(key.ljust(size), 'blue', 'bold')}  {first}", *(f"{' ' * size}  {line}" for line in rest)]
