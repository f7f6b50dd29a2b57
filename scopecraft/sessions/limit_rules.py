"""Which limits a session comes near to, and which it has reached. Pure: what is done about it is decided elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from scopecraft.config.settings import LimitSettings
from scopecraft.model.duration import duration_text

LimitName = Literal["time", "turns", "cost", "mission_cost", "stall"]
VerdictKind = Literal["near", "reached"]
Told = frozenset[tuple[LimitName, VerdictKind]]  # what was said of a session already

NOTHING_TOLD: Told = frozenset()


@dataclass(frozen=True, slots=True)
class Spending:
    """What a session has used so far, as far as it is known."""

    worked_seconds: float = 0.0  # without the time in which it waited for a person
    turns: int = 0
    cost_usd: float | None = None
    mission_cost_usd: float | None = None  # of all sessions of its mission, this one too
    silent_seconds: float | None = None  # where it has stalled
    is_waiting: bool = False  # for a person, or a question is open


@dataclass(frozen=True, slots=True)
class Verdict:
    limit: LimitName
    kind: VerdictKind
    share: float  # of the limit: 1.0 is all of it
    text: str  # one sentence for people


def verdicts(settings: LimitSettings, spending: Spending, told: Told = NOTHING_TOLD) -> tuple[Verdict, ...]:
    """What is new: each limit is said to be near once, and reached once. Nothing while a person is asked."""
    if spending.is_waiting:
        return ()
    judged = (_judged(measure, settings.warn_at, told) for measure in _measures(settings, spending))
    found = tuple(verdict for verdict in judged if verdict is not None)
    return (*found, *_stall(settings, spending, told))


def still_told(told: Told, spending: Spending) -> Told:
    """What need not be said again: a stall is over with the first sign of life, and the next one is a new one."""
    if spending.silent_seconds is not None:
        return told
    return frozenset(each for each in told if each[0] != "stall")


@dataclass(frozen=True, slots=True)
class _Measure:
    name: LimitName
    used: float
    most: float
    used_text: str
    most_text: str


def _measures(settings: LimitSettings, spending: Spending) -> Iterator[_Measure]:
    if settings.time is not None:
        used = spending.worked_seconds
        yield _Measure(
            "time",
            used,
            settings.time,
            f"it has worked for {duration_text(used)}",
            f"the {duration_text(settings.time)}",
        )
    if settings.turns is not None:
        turns = spending.turns
        yield _Measure(
            "turns",
            turns,
            settings.turns,
            f"it has taken {turns} turn{'' if turns == 1 else 's'}",
            f"the {settings.turns}",
        )
    if settings.cost is not None and (cost := spending.cost_usd) is not None:
        yield _Measure("cost", cost, settings.cost, f"it has cost {_dollars(cost)}", f"the {_dollars(settings.cost)}")
    if settings.mission_cost is not None and (total := spending.mission_cost_usd) is not None:
        used_text = f"its mission has cost {_dollars(total)}"
        yield _Measure(
            "mission_cost", total, settings.mission_cost, used_text, f"the {_dollars(settings.mission_cost)}"
        )


def _judged(measure: _Measure, warn_at: float, told: Told) -> Verdict | None:
    share = measure.used / measure.most
    kind: VerdictKind = "reached" if share >= 1 else "near"
    # what was reached is not near any more, though a total may seem to go back a little
    is_told = (measure.name, "reached") in told or (measure.name, kind) in told
    if is_told or (kind == "near" and share < warn_at):
        return None
    how = "which is all of" if kind == "reached" else f"{int(share * 100)} % of"
    return Verdict(measure.name, kind, share, f"{measure.used_text}, {how} {measure.most_text} that it may")


def _stall(settings: LimitSettings, spending: Spending, told: Told) -> Iterator[Verdict]:
    silent = spending.silent_seconds
    if silent is not None and ("stall", "reached") not in told:
        text = f"it has given no sign of life for {duration_text(silent)}"
        yield Verdict("stall", "reached", silent / settings.stall_after, text)


def _dollars(amount: float) -> str:
    return f"${amount:.2f}"
