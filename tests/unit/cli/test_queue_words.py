"""What `sc queue` says: limits, what holds the line up, and until when."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta

import pytest

from scopecraft.cli.queue_view import held_up, limits_sentence, queue_lines, until_text
from scopecraft.model import clock
from scopecraft.model.queue import Occupancy, QueueRules
from scopecraft.model.session import Queued
from scopecraft.sessions.look import plain_view, queued_view
from scopecraft.sessions.queue_seen import QueueView
from tests.support.sessions import AT, a_session, running

NOW = clock.from_text("2026-03-01T10:10:00.000Z")


@pytest.fixture(autouse=True)
def in_utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def test_the_limits_stand_beside_the_counts() -> None:
    assert limits_sentence(Occupancy(3, 2, 2), QueueRules()) == "3 of 3 run, 2 of 10 wait"
    assert limits_sentence(Occupancy(3, 5, 2), QueueRules()) == "3 of 3 run, 2 of 10 wait, 3 more to go on with a task"


def test_what_holds_the_line_up_is_told_with_the_way_on() -> None:
    assert held_up(QueueRules(), NOW) == []
    assert held_up(QueueRules(is_paused=True), NOW) == ["paused: by you; go on with: sc queue resume"]
    failed = QueueRules(is_paused=True, paused_because="fix\x1b[2J failed")
    assert held_up(failed, NOW) == ["paused: fix\\x1b[2J failed; go on with: sc queue resume"]
    parked = QueueRules(parked_until="2026-03-01T12:15:00.000Z", parked_because="limit of claude")
    assert held_up(parked, NOW) == ["parked until 12:15 (in 2h05m): limit of claude"]
    assert held_up(parked, NOW + timedelta(hours=3)) == []


def test_another_day_is_named() -> None:
    assert until_text("2026-03-02T09:00:00.000Z", NOW) == "Mon 02 Mar 09:00 (in 22h50m)"


def test_who_runs_stands_above_who_waits_in_order() -> None:
    works = plain_view(a_session(task="search", status=running()))
    first, second = (a_session(task=task, status=Queued(AT)) for task in ("cart", "login"))
    seen = QueueView(
        (works,), (queued_view(first, 1), queued_view(second, 2)), Occupancy(1, 2, 2), QueueRules(), is_supervised=True
    )
    lines = [line.split() for line in queue_lines(seen, NOW, width=0, colour=False)]
    assert lines[2][:4] == ["#", "TASK", "STATE", "SINCE"]
    assert lines[3][:3] == ["search", "running", "10m00s"]
    assert [line[:4] for line in lines[4:]] == [["1", "cart", "queued", "10m00s"], ["2", "login", "queued", "10m00s"]]


def test_an_empty_queue_is_one_line() -> None:
    seen = QueueView((), (), Occupancy(0, 0, 0), QueueRules(), is_supervised=False)
    assert queue_lines(seen, NOW, width=80, colour=False) == ["0 of 3 run, 0 of 10 wait"]


def test_a_narrow_terminal_shows_who_stands_where_and_nothing_cut_to_pieces() -> None:
    works = plain_view(a_session(task="search", status=running()))
    seen = QueueView((works,), (), Occupancy(1, 0, 0), QueueRules(), is_supervised=True)
    lines = queue_lines(seen, NOW, width=40, colour=False)
    assert [line.split() for line in lines[2:]] == [["#", "TASK", "STATE", "SINCE"], ["search", "running", "10m00s"]]
