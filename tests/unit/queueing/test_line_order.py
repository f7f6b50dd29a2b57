"""The order of the line, and the rules that a person may change."""

from __future__ import annotations

import pytest

from scopecraft.errors import BadInput
from scopecraft.model.queue import QueueRules
from scopecraft.queueing import ruling
from scopecraft.queueing.fifo import moved

ORDER = ["a", "b", "c", "d"]


@pytest.mark.parametrize(
    ("who", "place", "after"),
    [
        ("c", 1, "cabd"),
        ("a", 4, "bcda"),
        ("a", 2, "bacd"),
        ("d", 3, "abdc"),
        ("b", 2, "abcd"),
    ],
)
def test_one_moves_and_the_others_keep_their_order(who: str, place: int, after: str) -> None:
    assert "".join(moved(ORDER, who, place)) == after


@pytest.mark.parametrize("place", [0, -1, 5, 10**9])
def test_a_place_that_is_not_there_names_those_that_are(place: int) -> None:
    with pytest.raises(BadInput) as refused:
        moved(ORDER, "a", place)
    assert "from 1 to 4" in refused.value.hint


def test_resuming_lifts_a_pause_and_a_parking_and_leaves_the_limits() -> None:
    held = QueueRules(5, 7, True, "it failed", True, "2026-03-01T12:00:00.000Z", "used up")
    assert ruling.resumed(held) == QueueRules(5, 7, stops_on_failure=True)
    assert ruling.resumed(QueueRules()) == QueueRules()


def test_a_person_who_pauses_takes_the_pause_over() -> None:
    by_itself = QueueRules(is_paused=True, paused_because="fix-login failed")
    assert ruling.paused(by_itself) == QueueRules(is_paused=True)


def test_each_limit_changes_alone() -> None:
    assert ruling.limited(QueueRules(), running=5, waiting=None) == QueueRules(max_running=5)
    assert ruling.limited(QueueRules(), running=None, waiting=0) == QueueRules(max_waiting=0)


@pytest.mark.parametrize("limits", [(0, None), (-1, None), (10_001, None), (None, -1), (None, 10_001), (1, -1)])
def test_a_limit_that_makes_no_sense_changes_nothing(limits: tuple[int | None, int | None]) -> None:
    with pytest.raises(BadInput, match="makes no sense"):
        ruling.limited(QueueRules(), running=limits[0], waiting=limits[1])
