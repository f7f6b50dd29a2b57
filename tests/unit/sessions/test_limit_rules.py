"""Which limits are near or reached, and that each is said once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scopecraft.config.settings import LimitSettings
from scopecraft.sessions.limit_rules import Spending, Verdict, still_told, verdicts

LIMITS = LimitSettings(time=3600, turns=10, cost=5.0, mission_cost=20.0)
LITTLE = Spending(worked_seconds=60, turns=1, cost_usd=0.5, mission_cost_usd=1.0)


def said(spending: Spending, limits: LimitSettings = LIMITS) -> list[tuple[str, str]]:
    return [(verdict.limit, verdict.kind) for verdict in verdicts(limits, spending)]


def test_nothing_is_said_far_from_every_limit_or_where_there_is_none() -> None:
    assert said(LITTLE) == []
    assert said(Spending(10**6, 10**6, 10.0**6, 10.0**6), LimitSettings()) == []


@pytest.mark.parametrize(
    ("changed", "limit", "near", "reached"),
    [
        ("worked_seconds", "time", 2880.0, 3600.0),
        ("turns", "turns", 8, 10),
        ("cost_usd", "cost", 4.0, 5.0),
        ("mission_cost_usd", "mission_cost", 16.0, 20.0),
    ],
)
def test_a_limit_is_near_at_four_fifths_and_reached_at_all_of_it(
    changed: str, limit: str, near: float, reached: float
) -> None:
    assert said(replace(LITTLE, **{changed: near * 0.99})) == []
    assert said(replace(LITTLE, **{changed: near})) == [(limit, "near")]
    assert said(replace(LITTLE, **{changed: reached})) == [(limit, "reached")]
    assert said(replace(LITTLE, **{changed: reached * 2})) == [(limit, "reached")]


def test_when_to_warn_is_a_setting() -> None:
    spending = replace(LITTLE, turns=5)
    assert said(spending, replace(LIMITS, warn_at=0.5)) == [("turns", "near")]
    assert said(replace(LITTLE, turns=9), replace(LIMITS, warn_at=1.0)) == []


def test_each_is_said_in_one_sentence() -> None:
    spending = Spending(worked_seconds=3000, turns=10, cost_usd=4.5, mission_cost_usd=25.0)
    assert [verdict.text for verdict in verdicts(LIMITS, spending)] == [
        "it has worked for 50m00s, 83 % of the 1h00m that it may",
        "it has taken 10 turns, which is all of the 10 that it may",
        "it has cost $4.50, 90 % of the $5.00 that it may",
        "its mission has cost $25.00, which is all of the $20.00 that it may",
    ]


def test_nothing_is_said_twice_and_what_is_reached_is_not_near_again() -> None:
    near = replace(LITTLE, turns=9)
    assert verdicts(LIMITS, near, frozenset({("turns", "near")})) == ()
    reached = replace(LITTLE, turns=11)
    assert [each.kind for each in verdicts(LIMITS, reached, frozenset({("turns", "near")}))] == ["reached"]
    assert verdicts(LIMITS, reached, frozenset({("turns", "reached")})) == ()
    assert verdicts(LIMITS, near, frozenset({("turns", "reached")})) == ()


def test_a_cost_that_no_agent_names_has_no_limit() -> None:
    assert said(Spending(turns=1)) == []


def test_nothing_is_said_while_a_person_is_asked() -> None:
    everything = Spending(10**6, 10**6, 10.0**6, 10.0**6, silent_seconds=10.0**6, is_waiting=True)
    assert verdicts(LIMITS, everything) == ()


def test_a_stall_is_said_once_and_anew_after_a_sign_of_life() -> None:
    stalled = replace(LITTLE, silent_seconds=1800.0)
    verdict = Verdict("stall", "reached", 2.0, "it has given no sign of life for 30m00s")
    assert verdicts(LIMITS, stalled) == (verdict,)
    told = frozenset({("stall", "reached"), ("turns", "near")})
    assert verdicts(LIMITS, stalled, still_told(told, stalled)) == ()
    alive = still_told(told, LITTLE)
    assert alive == {("turns", "near")}
    assert verdicts(LIMITS, stalled, alive) == (verdict,)
