"""What a person is asked before a page: every key and every word answers as it says."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from textual.app import App
from textual.screen import Screen

from scopecraft.agents.talk import Choice, Inquiry, Question
from scopecraft.tui.answering import AnswerDialog
from scopecraft.tui.dialogs import Choose, Keys, Sure, key_lines
from scopecraft.tui.painting import plain
from scopecraft.tui.writing import Write


def answered(make: Callable[[], Screen[Any]], *keys: str) -> list[Any]:
    """What the dialog answers; nothing where it stays."""
    found: list[Any] = []

    async def visit() -> None:
        async with App[None]().run_test(size=(70, 24)) as pilot:
            pilot.app.push_screen(make(), found.append)
            await pilot.pause()
            await pilot.press(*keys)
            await pilot.pause()

    asyncio.run(visit())
    return found


def test_a_choice_is_made_by_its_key_and_no_other() -> None:
    def choose() -> Choose:
        return Choose(["[b]text[/b]"] * 40, "approve?", {"t": ("commit", "take"), "o": ("leave", "only")})

    assert answered(choose, "t") == ["commit"]
    assert answered(choose, "y", "j", "enter", "space", "o") == ["leave"]
    assert answered(choose, "y", "enter") == []
    assert answered(choose, "n") == answered(choose, "escape") == [None]
    assert answered(lambda: Sure("title", ["line"], "sure?"), "y") == ["yes"]


def test_a_text_is_sent_when_it_is_said_so() -> None:
    def write() -> Write:
        return Write("Message", ["a word before"], "send")

    assert answered(write, *"no", "enter", *"tests", "ctrl+s") == ["no\ntests"]
    assert answered(write, "x", "escape") == [None]


def test_each_question_has_its_answer() -> None:
    def permission() -> AnswerDialog:
        return AnswerDialog(Question("permission", "Bash: rm -rf [/red] \x1b[2J", "2026-03-01T10:00:00.000Z"))

    def two() -> AnswerDialog:
        inquiries = (
            Inquiry("Which colour?", (Choice("Blue"), Choice("Red", "warm"))),
            Inquiry("Which sizes?", (), True),
        )
        return AnswerDialog(Question("question", "", "2026-03-01T10:00:00.000Z", inquiries))

    assert answered(permission, *"allow", "enter") == [("allow",)]
    assert answered(permission, "enter") == []
    assert answered(permission, "escape") == [None]
    assert answered(two, "2", "enter", *"S", "enter") == [("2", "S")]


def test_keys_take_as_many_lines_as_they_need() -> None:
    keys = [("y", "yes"), ("Ctrl-O", "your editor"), ("Esc", "leave it")]
    assert [plain(line) for line in key_lines(keys, 80)] == ["y yes  Ctrl-O your editor  Esc leave it"]
    assert [plain(line) for line in key_lines(keys, 20)] == ["y yes", "Ctrl-O your editor", "Esc leave it"]


def shown(make: Callable[[], Screen[Any]], width: int) -> str:
    """What stands on a screen of that width."""

    async def look() -> str:
        async with App[None]().run_test(size=(width, 24)) as pilot:
            pilot.app.push_screen(make())
            await pilot.pause()
            strips = pilot.app.screen._compositor.render_strips()
            return " ".join(" ".join(strip.text for strip in strips).replace("│", " ").split())

    return asyncio.run(look())


def test_what_a_key_does_is_said_to_its_end_on_a_narrow_screen() -> None:
    said = "continue: begin, go on, or approve, whatever comes next"
    assert all(word in shown(lambda: Keys([("c", said)]), 50) for word in said.split())
    assert said in shown(lambda: Keys([("c", said)]), 90)


def test_a_question_is_asked_once() -> None:
    colour = Inquiry("Which colour?", (Choice("Blue"), Choice("Red")))
    question = Question("question", "Which colour?", "2026-03-01T10:00:00.000Z", (colour,))
    assert shown(lambda: AnswerDialog(question), 80).count("Which colour?") == 1
