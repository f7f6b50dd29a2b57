"""When a session ended, whatever the clocks say."""

from __future__ import annotations

import pytest

from scopecraft.model.handle import Exited, Gone
from scopecraft.sessions.deciding import ended_at

BEGAN = "2026-03-01T10:00:00.000Z"
NOW = "2026-03-01T12:00:00.000Z"


@pytest.mark.parametrize(
    ("look", "ended"),
    [
        (Gone("removed"), NOW),
        (Exited(0), NOW),
        (Exited(0, finished_at="2026-03-01T11:00:00.123456789Z"), "2026-03-01T11:00:00.123Z"),
        (Exited(0, finished_at="2026-03-01T12:00:00+01:00"), "2026-03-01T11:00:00.000Z"),
        (Exited(0, finished_at="2026-03-01T09:00:00Z"), BEGAN),
        (Exited(0, finished_at="2026-03-01T13:00:00Z"), NOW),
    ],
    ids=["gone", "untold", "the engine's word", "another zone", "the clock went back", "the clock went ahead"],
)
def test_an_end_lies_between_the_beginning_and_now(look: Exited | Gone, ended: str) -> None:
    assert ended_at(look, BEGAN, NOW) == ended


def test_no_session_ends_before_it_began_though_the_clock_went_back() -> None:
    assert ended_at(Gone("removed"), NOW, BEGAN) == NOW
    assert ended_at(Exited(0, finished_at=BEGAN), NOW, BEGAN) == NOW
