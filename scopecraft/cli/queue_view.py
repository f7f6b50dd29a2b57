"""What `sc queue` shows: who runs, who waits at which place, the limits, and what holds the line up."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from scopecraft.cli.table import Cell, Column, Row, table_lines
from scopecraft.cli.terminal import Tone, paint
from scopecraft.model import clock
from scopecraft.model.duration import duration_text
from scopecraft.model.queue import Occupancy, QueueRules
from scopecraft.model.text import clean_line
from scopecraft.queueing.admission import is_parked
from scopecraft.sessions.look import View
from scopecraft.sessions.queue_seen import QueueView

_COLUMNS = (
    Column("#", right=True),
    Column("TASK", least=8),
    Column("STATE"),
    Column("SINCE", right=True),
    Column("AGENT", least=4),
    Column("PROJECT", least=4),
    Column("SESSION"),
)
_NARROW_CELLS = 60  # here there is room for who stands where, and how long
_NARROW_COLUMNS = 4
_TONES: Mapping[str, tuple[Tone, ...]] = {"queued": ("blue",), "waiting": ("yellow", "bold"), "unknown": ("magenta",)}


def queue_lines(seen: QueueView, now: datetime, *, width: int, colour: bool) -> list[str]:
    head = limits_sentence(seen.occupancy, seen.rules)
    lines = [paint(head, "bold") if colour else head]
    lines += [paint(line, "yellow") if colour else line for line in held_up(seen.rules, now)]
    if seen.rules.stops_on_failure:
        lines.append("it pauses when a session fails")
    rows = [_row(view, now) for view in (*seen.running, *seen.waiting)]
    shown = _NARROW_COLUMNS if 0 < width < _NARROW_CELLS else len(_COLUMNS)
    table = table_lines(_COLUMNS[:shown], [row[:shown] for row in rows], width=width, colour=colour)
    return [*lines, "", *table] if rows else lines


def limits_sentence(occupancy: Occupancy, rules: QueueRules) -> str:
    """`3 of 3 run, 2 of 10 wait`; those that go on with a mission are counted apart, since no limit holds for them."""
    text = f"{occupancy.running} of {rules.max_running} run, {occupancy.waiting_new} of {rules.max_waiting} wait"
    others = occupancy.waiting - occupancy.waiting_new
    return f"{text}, {others} more to go on with a task" if others else text


def held_up(rules: QueueRules, now: datetime) -> list[str]:
    """A sentence for each thing that keeps everything in line; safe to show."""
    lines = []
    if rules.is_paused:
        why = clean_line(rules.paused_because, 200) or "by you"
        lines.append(f"paused: {why}; go on with: sc queue resume")
    if is_parked(rules, clock.to_text(now)) and rules.parked_until is not None:
        why = clean_line(rules.parked_because, 200)
        lines.append(f"parked until {until_text(rules.parked_until, now)}{f': {why}' if why else ''}")
    return lines


def until_text(at: str, now: datetime) -> str:
    """`14:05 (in 2h05m)`, where the person is; with the day where that is another."""
    moment = clock.from_text(at)
    here, today = moment.astimezone(), now.astimezone()
    shown = f"{here:%H:%M}" if here.date() == today.date() else f"{here:%a %d %b %H:%M}"
    return f"{shown} (in {duration_text((moment - now).total_seconds())})"


def _row(view: View, now: datetime) -> Row:
    session = view.session
    since = now - clock.from_text(view.since or session.created_at)
    return (
        str(view.place or ""),
        Cell(session.task, ("bold",)),
        Cell(view.word, _TONES.get(view.word, ("green",))),
        duration_text(since.total_seconds()),
        session.agent,
        session.project,
        Cell(session.id, ("dim",)),
    )
