"""What agents used, by day, agent, model and mission: of sessions that ended by the journal, of live ones so far.

All of it is what agents say of themselves. Whoever names no cost is counted as such, and not as free.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from scopecraft.errors import BadInput
from scopecraft.missions.advance import VISIT_STEP
from scopecraft.missions.summary_steps import total_usage
from scopecraft.model import clock
from scopecraft.model.activity import Usage
from scopecraft.model.session import Queued, Session
from scopecraft.model.usage_words import usage_of
from scopecraft.sessions.context import Context
from scopecraft.state.used import Dimension, Span, Used

WEEK_DAYS = 7
MOST_EMPTY_DAYS = 3660  # between two days of use; a clock that was far off fills no screen
COST_DIGITS = 6  # a sum of floats has many more, which say nothing
NOTHING = Usage()
Activities = Mapping[str, Mapping[str, Any]]  # by session, as the supervisor tells them


@dataclass(frozen=True, slots=True)
class Days:
    """From the first to the last, both with them, in local time; None: since ever, until now."""

    first: date | None = None
    last: date | None = None

    @classmethod
    def of_text(cls, first: str | None, last: str | None) -> Days:
        """Of two days as `2026-03-01`. Raises BadInput."""
        days = cls(_day(first), _day(last))
        if days.first and days.last and days.first > days.last:
            raise BadInput(f"{days.first} is after {days.last}", "give the earlier day first")
        return days

    @classmethod
    def last_ones(cls, count: int, today: date) -> Days:
        return cls(today - timedelta(days=count - 1), today)

    def span(self, project: str | None) -> Span:
        since = _midnight(self.first) if self.first else Span().since
        until = _midnight(self.last + timedelta(days=1)) if self.last and self.last < date.max else Span().until
        return Span(since, until, project, but=VISIT_STEP)

    def has(self, day: date) -> bool:
        return (self.first is None or self.first <= day) and (self.last is None or day <= self.last)


@dataclass(frozen=True, slots=True)
class UsageRow:
    """Of `sessions`, `live` ones have not ended, and `untold` ones have named no cost so far."""

    key: str
    name: str
    sessions: int = 0
    live: int = 0
    untold: int = 0
    usage: Usage = NOTHING
    project: str = ""  # of a mission


@dataclass(frozen=True, slots=True)
class UsageReport:
    """`rows` by what was asked for: days in their order, everything else with the dearest first."""

    days: Days
    project: str | None
    total: UsageRow
    rows: Mapping[Dimension, tuple[UsageRow, ...]]


def usage_report(
    context: Context,
    days: Days,
    dimensions: Collection[Dimension],
    *,
    live: Activities,
    project: str | None = None,
    now: datetime,
) -> UsageReport:
    """`live` is what the supervisor heard of sessions that have not ended. Raises StorageFailed."""
    today = now.astimezone().date()
    working = _at_work(context, project) if days.has(today) else []
    found = context.store.used(days.span(project), {*dimensions, "day"})
    rows = {
        dimension: _merged([_ended(used) for used in found[dimension]], _live_rows(dimension, working, live, today))
        for dimension in found
    }
    total = _sum(UsageRow("", ""), rows["day"])
    ordered: dict[Dimension, tuple[UsageRow, ...]] = {
        name: _every_day(rows[name], days, today) if name == "day" else tuple(sorted(rows[name], key=_dearest_first))
        for name in dimensions
    }
    return UsageReport(days, project, total, ordered)


def tokens_in(usage: Usage) -> int:
    """With what came from a cache and what went into one."""
    return usage.input_tokens + usage.cache_read_tokens + usage.cache_write_tokens


def tokens_of(usage: Usage) -> int:
    return tokens_in(usage) + usage.output_tokens


def usage_dict(usage: Usage) -> dict[str, Any]:
    return {
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "cache_read_tokens": usage.cache_read_tokens,
        "cache_write_tokens": usage.cache_write_tokens,
        "cost_usd": None if usage.cost_usd is None else round(usage.cost_usd, COST_DIGITS),
    }


def row_dict(row: UsageRow) -> dict[str, Any]:
    counts = {"sessions": row.sessions, "live": row.live, "untold": row.untold}
    return {"key": row.key, "name": row.name, "project": row.project or None, **counts, **usage_dict(row.usage)}


def _day(text: str | None) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise BadInput(f"{text!r} is no day", "for example 2026-03-01") from error


def _midnight(day: date) -> str:
    try:
        return clock.to_text(datetime.combine(day, time()).astimezone())
    except (OverflowError, ValueError):  # at the ends of the calendar
        return day.isoformat()


def _at_work(context: Context, project: str | None) -> list[Session]:
    return [
        session
        for session in context.store.live()
        if not isinstance(session.status, Queued)
        and session.step_id != VISIT_STEP
        and project in (None, session.project)
    ]


def _ended(used: Used) -> UsageRow:
    return UsageRow(used.key, used.task or used.key, used.sessions, 0, used.untold, used.usage, used.project)


def _live_rows(dimension: Dimension, sessions: Iterable[Session], live: Activities, today: date) -> Iterable[UsageRow]:
    for session in sessions:
        usage = usage_of(live.get(session.id, {}))
        key = {
            "day": today.isoformat(),
            "agent": session.agent,
            "model": session.model or "",
            "mission": session.mission_id,
        }[dimension]
        is_mission = dimension == "mission"
        untold = int(usage.cost_usd is None)
        name, project = (session.task, session.project) if is_mission else (key, "")
        yield UsageRow(key, name, 1, 1, untold, usage, project)


def _merged(rows: Iterable[UsageRow], more: Iterable[UsageRow]) -> list[UsageRow]:
    """One for each key, in the order in which the keys come."""
    by_key = {row.key: row for row in rows}
    for row in more:
        known = by_key.get(row.key)
        by_key[row.key] = _sum(known, [row]) if known else row
    return list(by_key.values())


def _sum(row: UsageRow, others: Collection[UsageRow]) -> UsageRow:
    every = (row, *others)
    return replace(
        row,
        sessions=sum(each.sessions for each in every),
        live=sum(each.live for each in every),
        untold=sum(each.untold for each in every),
        usage=total_usage(each.usage for each in every),
    )


def _dearest_first(row: UsageRow) -> tuple[float, int, str]:
    """Those that named no cost come last, by what they used."""
    return -(row.usage.cost_usd or 0.0), -tokens_of(row.usage), row.name


def _every_day(rows: Collection[UsageRow], days: Days, today: date) -> tuple[UsageRow, ...]:
    """Those of the range, with the days on which nothing was used."""
    by_day = {row.key: row for row in rows}
    known = sorted(by_day)
    first = days.first or (date.fromisoformat(known[0]) if known else today)
    last = max(min(days.last or today, today), date.fromisoformat(known[-1]) if known else date.min)
    count = (last - first).days + 1
    if count > MOST_EMPTY_DAYS:
        return tuple(by_day[day] for day in known)
    texts = ((first + timedelta(days=number)).isoformat() for number in range(count))
    return tuple(by_day.get(text, UsageRow(text, text)) for text in texts)
