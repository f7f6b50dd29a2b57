"""What sessions used, by the journal: sums over the ends of sessions in a span of time, read in one pass."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Literal, get_args

from scopecraft.model.activity import Usage

Dimension = Literal["day", "agent", "model", "mission"]
DIMENSIONS: tuple[Dimension, ...] = get_args(Dimension)

# What an agent tells of its model counts before what it was asked to use.
_ENDS = """
    SELECT date(event.at, 'localtime') AS day, session.agent AS agent, session.mission_id AS mission,
        coalesce(json_extract(data, '$.model'), session.model, '') AS model, session.task AS task,
        session.project AS project, json_extract(data, '$.input_tokens') AS input,
        json_extract(data, '$.output_tokens') AS output, json_extract(data, '$.cache_read_tokens') AS cache_read,
        json_extract(data, '$.cache_write_tokens') AS cache_write, json_extract(data, '$.cost_usd') AS cost
    FROM event INDEXED BY event_of_end JOIN session ON session.id = event.session_id
    WHERE event.kind = 'session_ended' AND event.at >= ? AND event.at < ? AND (? IS NULL OR session.project = ?)
        AND session.step_id <> ? AND json_extract(session.status, '$.started_at') IS NOT NULL
"""
_SUMS = """
    count(*), count(*) - count(cost), coalesce(sum(input), 0), coalesce(sum(output), 0), coalesce(sum(cache_read), 0),
    coalesce(sum(cache_write), 0), sum(cost)
"""


@dataclass(frozen=True, slots=True)
class Span:
    """Times as the journal has them, `until` without itself; `project` None is all. Sessions of `but` are left out."""

    since: str = ""
    until: str = "~"  # after every time
    project: str | None = None
    but: str = ""  # a step


@dataclass(frozen=True, slots=True)
class Used:
    """By agents' word. `untold` of the sessions named no cost; `usage` has that of the others, None where none did."""

    key: str  # a day as YYYY-MM-DD in local time, an agent, a model or a mission's id; a model that nobody named is ""
    sessions: int
    untold: int
    usage: Usage
    task: str = ""  # of a mission
    project: str = ""  # of a mission


def used(connection: sqlite3.Connection, span: Span, dimensions: Collection[Dimension]) -> dict[Dimension, list[Used]]:
    """Sessions that have run and ended, summed up by each dimension; in the order of its keys."""
    wanted = [each for each in DIMENSIONS if each in dimensions]
    parts = " UNION ALL ".join(_summed(each) for each in wanted)
    found: dict[Dimension, list[Used]] = {each: [] for each in wanted}
    if wanted:
        values = (span.since, span.until, span.project, span.project, span.but)
        for row in connection.execute(f"WITH ends AS MATERIALIZED ({_ENDS}) {parts}", values):
            found[row[0]].append(_used(row))
    return {each: sorted(rows, key=lambda row: row.key) for each, rows in found.items()}


def _summed(dimension: Dimension) -> str:
    name = "max(task), max(project)" if dimension == "mission" else "'', ''"
    return f"SELECT '{dimension}', {dimension}, {name}, {_SUMS} FROM ends GROUP BY {dimension}"


def _used(row: tuple[Any, ...]) -> Used:
    _, key, task, project, sessions, untold, *numbers = row
    return Used(key, sessions, untold, Usage(*numbers), task, project)
