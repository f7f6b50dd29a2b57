"""What a waiting agent asks, and the person's answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input

from scopecraft.cli.terminal import paint, wrap
from scopecraft.model.text import clean, clean_line
from scopecraft.tui.dialogs import Dialog
from scopecraft.tui.lines import Bar

if TYPE_CHECKING:
    from scopecraft.agents.talk import Inquiry, Question

_MOST_LINES = 20


class AnswerDialog(Dialog[tuple[str, ...]]):
    """The answers as `sc answer` takes them: allow, deny or words; a choice or words for each inquiry."""

    def __init__(self, question: Question) -> None:
        super().__init__()
        self._question = question

    def compose(self) -> ComposeResult:
        question = self._question
        with Vertical():
            yield Bar([paint("may it?" if question.kind == "permission" else "it asks", "yellow", "bold")])
            if not question.inquiries:  # they say it themselves
                yield Bar(self._shown(question.text))
            if question.kind == "permission":
                yield Input(placeholder="allow, deny, or what to do instead", compact=True)
            for inquiry in question.inquiries:
                yield Bar([*self._shown(inquiry.text), *_choices(inquiry)])
                yield Input(placeholder=_prompt(inquiry), compact=True)
            if question.kind != "permission" and not question.inquiries:
                yield Input(placeholder="deny, or leave it and go to its window", compact=True)
            yield Bar(
                [f"{paint('Enter', 'blue', 'bold')} {paint('answer', 'dim')}  {paint('Esc', 'blue', 'bold')} leave it"]
            )

    def on_input_submitted(self) -> None:
        fields = list(self.query(Input))
        empty = next((field for field in fields if not field.value.strip()), None)
        if empty is not None:
            empty.focus()
            return
        self.dismiss(tuple(field.value.strip() for field in fields))

    def _shown(self, text: str) -> list[str]:
        lines = [part for line in clean(text).expandtabs(4).split("\n") for part in wrap(line, self.room)]
        return (
            lines if len(lines) <= _MOST_LINES else [*lines[:_MOST_LINES], f"… {len(lines) - _MOST_LINES} more lines"]
        )


def _choices(inquiry: Inquiry) -> Iterator[str]:
    for number, choice in enumerate(inquiry.choices, 1):
        what = paint(clean_line(choice.description, 80), "dim")
        yield f"  {paint(str(number), 'blue', 'bold')} {clean_line(choice.label, 60)}  {what}"


def _prompt(inquiry: Inquiry) -> str:
    return "numbers with commas between them" if inquiry.is_many else "a number, or your own words"
