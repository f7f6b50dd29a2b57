"""The live view of a run: on a terminal, and in a pipe."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from scopecraft.cli.progress import ProgressView, status_text, summary_lines
from scopecraft.model.activity import Activity, Message, Note, Text, Usage

AT = datetime(2026, 11, 21, 5, 11, 42, tzinfo=UTC)
WORKING = Activity(tool_calls=12, usage=Usage(41_000, 3_200, cost_usd=1.5), model="claude-sonnet", error_count=1)


class Screen(io.StringIO):
    """A terminal of 80 cells that remembers what it was sent, write by write."""

    encoding = "utf-8"  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[str] = []

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self.writes.append(text)
        return super().write(text)

    def rows(self) -> list[str]:
        """What is seen in the end: a cleared line is empty, colours are taken off."""
        seen = [re.sub("\x1b\\[[0-9;]*m", "", line) for line in self.getvalue().split("\n")]
        return [line.rpartition("\r\x1b[2K")[2] for line in seen]


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Screen:
    monkeypatch.setenv("COLUMNS", "80")
    return Screen()


def test_a_pipe_gets_lines_and_nothing_else() -> None:
    pipe = io.StringIO()
    with ProgressView(pipe) as view:
        view.entry(Message("assistant", "hello"), None)
        view.tick(WORKING, 1.0)
        view.done(["done in 3s"])
    assert pipe.getvalue() == "agent    hello\ndone in 3s\n"


def test_the_status_line_stays_below_the_entries(screen: Screen) -> None:
    with ProgressView(screen) as view:
        view.tick(WORKING, 134.0)
        view.entry(Text("one"), None)
        view.entry(Text("two"), None)
        rows = screen.rows()
    assert rows[:2] == ["one", "two"]
    assert rows[2].endswith("2m14s · in 41k · out 3.2k · $1.50 · 12 tool calls · 1 error · claude-sonnet")


def test_the_status_line_is_gone_at_the_end(screen: Screen) -> None:
    with ProgressView(screen) as view:
        view.tick(WORKING, 1.0)
        view.done(["all done"])
    assert screen.rows() == ["all done", ""]


def test_the_status_line_is_gone_after_an_interrupt(screen: Screen) -> None:
    with pytest.raises(KeyboardInterrupt), ProgressView(screen) as view:
        view.tick(WORKING, 1.0)
        raise KeyboardInterrupt
    assert screen.rows() == [""]


def test_a_question_finds_an_empty_line_and_the_status_comes_back(screen: Screen) -> None:
    with ProgressView(screen) as view:
        view.tick(WORKING, 1.0)
        view.clear()
        assert screen.rows() == [""]
        view.tick(WORKING, 1.01)
        assert screen.rows() != [""]


def test_it_draws_ten_times_a_second_at_most(screen: Screen) -> None:
    with ProgressView(screen) as view:
        for step in range(1000):
            view.tick(replace(WORKING, tool_calls=step), step / 1000)
        assert len(screen.writes) <= 10


def test_an_entry_and_the_status_come_in_one_write(screen: Screen) -> None:
    with ProgressView(screen) as view:
        view.tick(WORKING, 1.0)
        before = len(screen.writes)
        view.entry(Note("compaction"), AT)
        assert len(screen.writes) == before + 1


def test_an_entry_carries_the_time_of_the_person(screen: Screen) -> None:
    with ProgressView(screen) as view:
        view.entry(Note("compaction"), AT)
    assert screen.rows()[0].startswith(f"{AT.astimezone():%H:%M:%S} ")


def test_the_status_line_never_wraps(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    with ProgressView(screen) as view:
        view.tick(WORKING, 1.0)
        assert len(screen.rows()[-1]) == 29


def test_a_model_of_a_hostile_name_steers_no_terminal() -> None:
    assert not set(status_text(Activity(model="x\x1b[2J\x9b\u202e"), 1)) & {"\x1b", "\x9b", "\u202e"}


def test_the_summary_names_damaged_lines() -> None:
    activity = Activity(damaged_lines=(3, 9), damaged_count=2, usage=Usage(10, 5))
    assert summary_lines(activity, 65) == ["1m05s · in 10 · out 5", "2 damaged lines in the stream: 3, 9"]
