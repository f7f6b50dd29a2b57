"""What can be asked of the tables, and the two ways in which a row of a session changes."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Collection, Mapping

from scopecraft.model.event import Alert, Event
from scopecraft.model.session import Session
from scopecraft.state.rows import SELECT_SESSION, event_of, session_of

FENCE = "fence"  # the number of the supervisor that has the home, in `run_time`
Page = tuple[int, int]  # how many (-1: all), and how many before them
_PART_OF_ID = re.compile(r"(r-)?([0-9a-f]+)")
# Named, since in the order of seq a scan of all sessions looks cheaper to SQLite than it is.
_LIVE = "INDEXED BY live_step WHERE status_kind <> 'ended'"


def _narrowed(conditions: Mapping[str, object]) -> tuple[str, list[object]]:
    """A WHERE clause (or nothing) and its values; a condition whose value is None does not count."""
    wanted = {condition: value for condition, value in conditions.items() if value is not None}
    return f"WHERE {' AND '.join(wanted)}" if wanted else "", list(wanted.values())


def get(connection: sqlite3.Connection, session_id: str) -> Session | None:
    row = connection.execute(f"{SELECT_SESSION} WHERE id = ?", (session_id,)).fetchone()
    return session_of(row) if row else None


def live(connection: sqlite3.Connection) -> list[Session]:
    return [session_of(row) for row in connection.execute(f"{SELECT_SESSION} {_LIVE} ORDER BY seq")]


def live_of(connection: sqlite3.Connection, mission_id: str) -> list[Session]:
    rows = connection.execute(f"{SELECT_SESSION} {_LIVE} AND mission_id = ? ORDER BY seq", (mission_id,))
    return [session_of(row) for row in rows]


def rival_of(connection: sqlite3.Connection, session: Session) -> Session | None:
    """The live session that another one of its mission cannot live beside: they share the worktree, or the step."""
    for other in live_of(connection, session.mission_id):
        if "codegen" in (session.workspace, other.workspace) or session.step_id == other.step_id:
            return other
    return None


def live_task(connection: sqlite3.Connection, project: str, task: str) -> Session | None:
    """For a mission that is not made yet there is nothing else to know it by."""
    query = f"{SELECT_SESSION} INDEXED BY live_task WHERE status_kind <> 'ended' AND project = ? AND task = ?"
    row = connection.execute(query, (project, task)).fetchone()
    return session_of(row) if row else None


def latest_of_task(connection: sqlite3.Connection, task: str) -> list[Session]:
    newest = "SELECT max(seq) FROM session WHERE task = ? COLLATE NOCASE GROUP BY project"
    rows = connection.execute(f"{SELECT_SESSION} WHERE seq IN ({newest}) ORDER BY seq DESC", (task,))
    return [session_of(row) for row in rows]


def attempts(connection: sqlite3.Connection, mission_id: str, step_id: str) -> int:
    """The highest attempt so far, 0 if there was none."""
    query = "SELECT coalesce(max(attempt), 0) FROM session WHERE mission_id = ? AND step_id = ?"
    return int(connection.execute(query, (mission_id, step_id)).fetchone()[0])


def sessions(
    connection: sqlite3.Connection, equal: Mapping[str, str | None], kinds: Collection[str] | None, page: Page
) -> list[Session]:
    """Newest first; `equal` holds columns and the values that they must have, None for any."""
    where, values = _narrowed(
        {f"{column} = ?": value for column, value in equal.items()}
        | {"status_kind IN (SELECT value FROM json_each(?))": None if kinds is None else json.dumps(sorted(kinds))}
    )
    query = f"{SELECT_SESSION} {where} ORDER BY seq DESC LIMIT ? OFFSET ?"
    return [session_of(row) for row in connection.execute(query, (*values, *page))]


def matching(connection: sqlite3.Connection, text: str) -> list[Session]:
    part = _PART_OF_ID.fullmatch(text.lower())
    if part is None:
        return []
    prefix, digits = part.groups()
    exact = get(connection, f"r-{digits}")
    if exact:
        return [exact]
    ends = "OR substr(id, ?) = ?" if prefix is None else ""
    values = (-len(digits), digits) if prefix is None else ()
    query = f"{SELECT_SESSION} WHERE id GLOB ? {ends} ORDER BY seq DESC"
    return [session_of(row) for row in connection.execute(query, (f"r-{digits}*", *values))]


def events(
    connection: sqlite3.Connection, after: int, equal: Mapping[str, str | None], limit: int | None
) -> list[Event]:
    where, values = _narrowed({"seq > ?": after} | {f"{column} = ?": value for column, value in equal.items()})
    query = f"SELECT seq, at, kind, mission_id, session_id, data FROM event {where} ORDER BY seq LIMIT ?"
    return [event_of(row) for row in connection.execute(query, (*values, -1 if limit is None else limit))]


def earlier_events(
    connection: sqlite3.Connection, before: int | None, equal: Mapping[str, str | None], limit: int
) -> list[Event]:
    """Backwards: the latest one first."""
    where, values = _narrowed({"seq < ?": before} | {f"{column} = ?": value for column, value in equal.items()})
    query = f"SELECT seq, at, kind, mission_id, session_id, data FROM event {where} ORDER BY seq DESC LIMIT ?"
    return [event_of(row) for row in connection.execute(query, (*values, limit))]


def costs(connection: sqlite3.Connection, mission_ids: Collection[str]) -> dict[str, float]:
    """What the ended sessions of each mission cost; missions of which nobody told a price are left out."""
    # the end is among a session's last events, so that this reads two or three of them and not the whole mission's
    cost = (
        "SELECT json_extract(data, '$.cost_usd') FROM event"
        " WHERE session_id = session.id AND kind = 'session_ended' ORDER BY seq DESC LIMIT 1"
    )
    query = (
        f"SELECT mission_id, sum(cost) FROM (SELECT mission_id, ({cost}) AS cost FROM session"
        " WHERE mission_id IN (SELECT value FROM json_each(?)) AND status_kind = 'ended')"
        " WHERE cost IS NOT NULL GROUP BY mission_id"
    )
    return dict(connection.execute(query, (json.dumps(sorted(mission_ids)),)))


def alerts(connection: sqlite3.Connection, session_id: str) -> list[Alert]:
    query = "SELECT data FROM event WHERE session_id = ? AND kind = 'alert_raised' ORDER BY seq"
    found = [json.loads(data) for (data,) in connection.execute(query, (session_id,))]
    return [Alert(str(data.get("code", "")), str(data.get("text", ""))) for data in found]


def has_stop_request(connection: sqlite3.Connection, session_id: str, by: str) -> bool:
    query = (
        "SELECT 1 FROM event WHERE session_id = ? AND kind = 'session_stop_requested'"
        " AND json_extract(data, '$.by') = ? LIMIT 1"
    )
    return connection.execute(query, (session_id, by)).fetchone() is not None


def set_status(connection: sqlite3.Connection, session_id: str, kind: str, status: str) -> None:
    connection.execute("UPDATE session SET status_kind = ?, status = ? WHERE id = ?", (kind, status, session_id))


def set_column(connection: sqlite3.Connection, session_id: str, column: str, value: str) -> None:
    connection.execute(f"UPDATE session SET {column} = ? WHERE id = ?", (value, session_id))


def run_time(connection: sqlite3.Connection, name: str) -> object:
    row = connection.execute("SELECT value FROM run_time WHERE name = ?", (name,)).fetchone()
    return json.loads(row[0]) if row else None


def set_run_time(connection: sqlite3.Connection, name: str, value: object) -> None:
    connection.execute("INSERT OR REPLACE INTO run_time (name, value) VALUES (?, ?)", (name, json.dumps(value)))


def next_fence(connection: sqlite3.Connection) -> int:
    """One more than the last; within a transaction."""
    last = run_time(connection, FENCE)
    fence = (last if isinstance(last, int) else 0) + 1
    set_run_time(connection, FENCE, fence)
    return fence
