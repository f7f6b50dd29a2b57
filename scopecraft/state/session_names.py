"""The names of sessions that a command could be about, for a shell that completes a word: no store is opened."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing

_URI = str.maketrans({"%": "%25", "?": "%3f", "#": "%23"})
_FITS: Mapping[str, str] = {
    "ended": "status_kind = 'ended'",
    "autonomous": "mode = 'autonomous' AND status_kind <> 'queued'",
    "dispatch": "mode = 'dispatch'",
}
# a task names its latest session, which need not be the one that fits
_QUERY = """
    SELECT task, id, seq = (SELECT max(seq) FROM session AS other WHERE other.mission_id = session.mission_id)
    FROM session WHERE step_id <> 'visit' AND {} ORDER BY seq DESC LIMIT ?
"""


def session_names(database: str, which: str, most: int) -> list[str]:
    """Tasks, then ids, the newest first; `which` is ended, autonomous or dispatch.

    None where the database is not there, not ours, or busy. Makes nothing.
    """
    try:
        with closing(sqlite3.connect(f"file:{database.translate(_URI)}?mode=ro", timeout=0.1, uri=True)) as connection:
            rows = connection.execute(_QUERY.format(_FITS[which]), (most,)).fetchall()
    except sqlite3.Error:
        return []
    return [str(task) for task, _, is_latest in rows if is_latest] + [str(session_id) for _, session_id, _ in rows]
