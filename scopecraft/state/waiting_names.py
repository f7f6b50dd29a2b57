"""The names of what waits, for whoever has no time to open a store: a shell that completes a word."""

from __future__ import annotations

import sqlite3
from contextlib import closing

_URI = str.maketrans({"%": "%25", "?": "%3f", "#": "%23"})
_QUERY = """
    SELECT session.task FROM line JOIN session ON session.id = line.session_id
    WHERE line.is_waiting = 1 ORDER BY line.place LIMIT ?
"""


def waiting_names(database: str, most: int) -> list[str]:
    """The tasks in line, in order; none where the database is not there, not ours, or busy. Makes nothing."""
    try:
        with closing(sqlite3.connect(f"file:{database.translate(_URI)}?mode=ro", timeout=0.1, uri=True)) as connection:
            return [str(task) for (task,) in connection.execute(_QUERY, (most,))]
    except sqlite3.Error:
        return []
