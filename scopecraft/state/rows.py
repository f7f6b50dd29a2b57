"""Rows and the values that they stand for."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from typing import Any, cast

from scopecraft.model.codec import status_from_dict, status_to_dict
from scopecraft.model.event import Event, EventKind
from scopecraft.model.session import Session, Status
from scopecraft.state.connection import DamagedRow
from scopecraft.state.schema import SESSION_COLUMNS

_SELECTED = ", ".join(SESSION_COLUMNS)
SELECT_SESSION = f"SELECT {_SELECTED}, status FROM session"
_INSERT_SESSION = (
    f"INSERT INTO session ({_SELECTED}, status_kind, status) VALUES ({', '.join('?' * (len(SESSION_COLUMNS) + 2))})"
)


def insert_session(connection: sqlite3.Connection, session: Session) -> None:
    values = [getattr(session, name) for name in SESSION_COLUMNS]
    connection.execute(_INSERT_SESSION, (*values, session.status.kind, status_json(session.status)))


def session_of(row: tuple[Any, ...]) -> Session:
    """A row of SELECT_SESSION. Raises DamagedRow."""
    try:
        status = status_from_dict(json.loads(row[-1]))
    except ValueError as error:
        raise DamagedRow(f"session {row[0]!r}: {error}") from error
    values = dict(zip(SESSION_COLUMNS, row, strict=False))
    return Session(**values | {"is_contained": bool(values["is_contained"])}, status=status)


def status_json(status: Status) -> str:
    return json.dumps(status_to_dict(status))


def insert_event(connection: sqlite3.Connection, event: Event) -> int:
    """Its place in the journal: the next one, unless the event has one already."""
    cursor = connection.execute(
        "INSERT INTO event (seq, at, kind, mission_id, session_id, data) VALUES (?, ?, ?, ?, ?, ?)",
        (event.seq or None, event.at, event.kind, event.mission_id, event.session_id, json.dumps(dict(event.data))),
    )
    return int(cursor.lastrowid or 0)


def event_of(row: tuple[Any, ...]) -> Event:
    """A row of seq, at, kind, mission_id, session_id, data. Raises DamagedRow."""
    seq, at, kind, mission_id, session_id, data = row
    try:
        return Event(seq, at, cast(EventKind, kind), mission_id, session_id, json.loads(data))
    except ValueError as error:
        raise DamagedRow(f"event {seq}: {error}") from error


def session_event(session: Session, kind: EventKind, at: str, data: Mapping[str, Any]) -> Event:
    return Event(0, at, kind, session.mission_id, session.id, data)
