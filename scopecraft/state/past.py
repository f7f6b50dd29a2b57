"""Sessions that have ended, looked for: newest first, a page at a time, however many there are."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from scopecraft.model.session import Session
from scopecraft.state.rows import SELECT_SESSION, session_of


@dataclass(frozen=True, slots=True)
class Past:
    """What they have; None is any. `text` is a piece of the task, the id, the agent or the branch."""

    mission_id: str | None = None
    project: str | None = None
    agent: str | None = None
    mode: str | None = None
    outcome: str | None = None
    text: str | None = None


_TEXT = "instr(lower(task || ' ' || id || ' ' || agent || ' ' || branch), lower(?))"
_CONDITIONS = {
    "mission_id": "mission_id = ?",
    "project": "project = ?",
    "agent": "agent = ?",
    "mode": "mode = ?",
    "outcome": "json_extract(status, '$.outcome.kind') = ?",
    "text": _TEXT,
}


def past(connection: sqlite3.Connection, wanted: Past, limit: int, offset: int) -> tuple[list[Session], int]:
    """The page, and how many there are in all."""
    named = {name: getattr(wanted, name) for name in _CONDITIONS if getattr(wanted, name) is not None}
    where = " AND ".join(["status_kind = 'ended'", *(_CONDITIONS[name] for name in named)])
    values = tuple(named.values())
    total = int(connection.execute(f"SELECT count(*) FROM session WHERE {where}", values).fetchone()[0])
    query = f"{SELECT_SESSION} WHERE {where} ORDER BY seq DESC LIMIT ? OFFSET ?"
    return [session_of(row) for row in connection.execute(query, (*values, limit, offset))], total


def ends(connection: sqlite3.Connection, session_ids: Collection[str]) -> dict[str, dict[str, Any]]:
    """What the journal says of the end of each: how it ended and what it used; nothing for those that live."""
    query = (
        "SELECT session_id, data FROM event WHERE session_id IN (SELECT value FROM json_each(?))"
        " AND kind = 'session_ended' ORDER BY seq"
    )
    return {row[0]: json.loads(row[1]) for row in connection.execute(query, (json.dumps(list(session_ids)),))}
