"""What can be asked of the tables, and the two ways in which a row of a session changes."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Collection
from dataclasses import dataclass

from scopecraft.model.event import Alert, Event
from scopecraft.model.session import Session
from scopecraft.state.rows import SELECT_SESSION, event_of, session_of

_PART_OF_ID = re.compile(r"(r-)?([0-9a-f]+)")
# Named, since in the order of seq a scan of all sessions looks cheaper to SQLite than it is.
_LIVE = "INDEXED BY live_session WHERE status_kind <> 'ended'"


@dataclass(frozen=True, slots=True)
class Choice:
    """Which sessions; None is every one."""

    mission_id: str | None
    project: str | None
    status_kinds: Collection[str] | None
    limit: int | None
    offset: int


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Which part of the journal."""

    after: int
    session_id: str | None
    mission_id: str | None
    limit: int | None


def get(connection: sqlite3.Connection, session_id: str) -> Session | None:
    row = connection.execute(f"{SELECT_SESSION} WHERE id = ?", (session_id,)).fetchone()
    return session_of(row) if row else None


def live(connection: sqlite3.Connection) -> list[Session]:
    return [session_of(row) for row in connection.execute(f"{SELECT_SESSION} {_LIVE} ORDER BY seq")]


def live_of(connection: sqlite3.Connection, mission_id: str) -> Session | None:
    row = connection.execute(f"{SELECT_SESSION} {_LIVE} AND mission_id = ?", (mission_id,)).fetchone()
    return session_of(row) if row else None


def attempts(connection: sqlite3.Connection, mission_id: str, step_id: str) -> int:
    """The highest attempt so far, 0 if there was none."""
    query = "SELECT coalesce(max(attempt), 0) FROM session WHERE mission_id = ? AND step_id = ?"
    return int(connection.execute(query, (mission_id, step_id)).fetchone()[0])


def sessions(connection: sqlite3.Connection, choice: Choice) -> list[Session]:
    kinds = sorted(choice.status_kinds or ())
    conditions: list[tuple[str, list[str]]] = []
    if choice.mission_id is not None:
        conditions.append(("mission_id = ?", [choice.mission_id]))
    if choice.project is not None:
        conditions.append(("project = ?", [choice.project]))
    if choice.status_kinds is not None:
        conditions.append((f"status_kind IN ({', '.join('?' * len(kinds))})", kinds))
    where = " AND ".join(text for text, _ in conditions)
    values = [value for _, several in conditions for value in several]
    query = f"{SELECT_SESSION} {'WHERE ' + where if where else ''} ORDER BY seq DESC LIMIT ? OFFSET ?"
    limit = -1 if choice.limit is None else choice.limit
    return [session_of(row) for row in connection.execute(query, (*values, limit, choice.offset))]


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


def events(connection: sqlite3.Connection, excerpt: Excerpt) -> list[Event]:
    conditions = [("session_id = ?", excerpt.session_id), ("mission_id = ?", excerpt.mission_id)]
    wanted = [("seq > ?", excerpt.after), *((text, value) for text, value in conditions if value is not None)]
    query = (
        "SELECT seq, at, kind, mission_id, session_id, data FROM event"
        f" WHERE {' AND '.join(text for text, _ in wanted)} ORDER BY seq LIMIT ?"
    )
    limit = -1 if excerpt.limit is None else excerpt.limit
    return [event_of(row) for row in connection.execute(query, (*(value for _, value in wanted), limit))]


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
