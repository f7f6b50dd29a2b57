"""The table of `sc watch`: what stands where, in whatever room there is."""

from __future__ import annotations

import pytest

from scopecraft.cli.terminal import cells
from scopecraft.cli.watch_board import Board
from scopecraft.cli.watch_table import watch_lines
from scopecraft.model import clock
from scopecraft.model.queue import QueueRules
from scopecraft.model.session import Queued
from scopecraft.sessions.look import View, queued_view
from tests.support.sessions import AT, LATER, a_session, running, waiting

NOW = clock.from_text("2026-03-01T10:06:00.000Z")


def queued(number: int) -> View:
    return queued_view(a_session(task=f"job-{number}", status=Queued(AT)), number)


ASKS = View(a_session(task="fix-login", status=waiting()), "waiting", "permission: Bash: rm -r build\x1b[2J", LATER)
ASKED = View(a_session(task="修正-ログイン", status=waiting()), "waiting", "question: which one?", AT)
WORKS = View(a_session(task="search", status=running()), "running", "", AT)
IDLE = View(a_session(task="docs", status=waiting("idle")), "idle", "", AT)
LOST = View(a_session(task="lost", status=running()), "unknown", "the engine did not answer")
MANY = (queued(2), queued(1), IDLE, LOST, WORKS, ASKS, ASKED, *(queued(number) for number in range(3, 20)))
USED = {WORKS.session.id: {"tool": "Bash: pytest -q", "input_tokens": 41000, "output_tokens": 3000, "cost_usd": 1.38}}


def tasks(lines: list[str]) -> list[str]:
    named = [view.session.task for view in MANY]
    return [line.split()[0] for line in lines if line.split() and line.split()[0] in named]


def test_what_waits_for_a_person_stands_first_the_longest_wait_before_the_others_and_the_line_last() -> None:
    lines = watch_lines(Board(MANY, USED), NOW, width=120)
    assert tasks(lines)[:7] == ["修正-ログイン", "fix-login", "search", "lost", "docs", "job-1", "job-2"]
    assert lines[0] == "2 wait for you · 1 works · 1 unknown · 1 idle · 19 in line"
    shown = "\n".join(lines)
    assert r"permission: Bash: rm -r build\x1b[2J" in shown
    assert "44k  $1.38  Bash: pytest -q" in shown
    assert "1m00s" in shown and "next in line" in shown and "19th in line" in shown


@pytest.mark.parametrize(("width", "height"), [(120, 24), (80, 16), (40, 20), (40, 10), (20, 6), (20, 3)])
def test_it_fits_into_any_terminal_and_says_how_much_is_left_out(width: int, height: int) -> None:
    lines = watch_lines(Board(MANY, USED), NOW, width=width, height=height)
    assert len(lines) <= height
    assert all(cells(line) <= width for line in lines)
    left = len(MANY) - len(tasks(lines))
    if width >= 40:  # below that names are cut
        assert f"… and {left} more" in lines
    assert height < 6 or lines[-1].startswith("q leaves")


def test_a_narrow_terminal_shows_what_is_asked_below() -> None:
    lines = watch_lines(Board((WORKS, ASKS), USED), NOW, width=40, height=20)
    asks = next(number for number, line in enumerate(lines) if line.startswith("fix-login"))
    assert lines[asks + 1].startswith("  permission: Bash: rm")


def test_a_paused_queue_a_failed_look_and_nothing_at_all_are_told() -> None:
    rules = QueueRules(is_paused=True, paused_because="a session failed")
    board = Board(rules=rules, complaint="the disk is full", notices=("one", "the database was rebuilt"))
    assert watch_lines(board, NOW, width=100) == [
        "nothing runs, and nothing waits · the queue is paused: a session failed",
        "cannot look: the disk is full",
        "the database was rebuilt",
    ]
