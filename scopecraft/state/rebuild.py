"""A database that is lost or damaged is moved aside and made anew from what stands in `sessions/`."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

from scopecraft.atomic import fsync_folder, move_aside
from scopecraft.errors import StateUnreadable
from scopecraft.model import clock
from scopecraft.model.event import Event
from scopecraft.model.session import Ended, Interrupted, Queued, Running, Session, Waiting, is_live
from scopecraft.state import queries
from scopecraft.state.connection import connect, writing
from scopecraft.state.line import RULES, put_back
from scopecraft.state.metadata import METADATA, read_metadata
from scopecraft.state.migrations import Migration, migrate
from scopecraft.state.queue_copy import QueueCopy, read_copy
from scopecraft.state.rows import insert_event, insert_session

_COMPANIONS = ("-wal", "-shm", "-journal")


def rebuild(path: Path, reason: str, at: str, migrations: Sequence[Migration]) -> list[str]:
    """Make a database at `path` from the sessions' `metadata.json`; returns what a person should be told.

    The caller holds the home's lock. If this fails, the old file is where it was. Raises StorageFailed, sqlite3.Error
    and OSError.
    """
    sessions, notices = _read_all(path.parent / "sessions")
    fresh = path.with_name(f"{path.name}.new")
    _remove(fresh)
    try:
        lost = _make(fresh, _consistent(sessions, at), migrations)
        moved = _move_aside(path)
        kept = len(sessions) - len(lost)
        if moved or sessions:
            notices = [_summary(path, reason, moved, kept), *notices, *lost]
            _journal(fresh, at, reason, moved, kept)
        fresh.replace(path)
    except BaseException:
        _remove(fresh)
        raise
    fsync_folder(path.parent)
    return notices


def _read_all(folder: Path) -> tuple[list[Session], list[str]]:
    sessions: list[Session] = []
    notices: list[str] = []
    for entry in sorted(folder.iterdir()) if folder.is_dir() else ():
        if entry.is_dir() and not entry.is_symlink():
            try:
                session = read_metadata(entry)
            except StateUnreadable as error:
                notices.append(str(error))
                continue
            if session:
                sessions.append(session)
    return sorted(sessions, key=lambda session: (session.created_at, session.id)), notices


def _consistent(sessions: list[Session], at: str) -> list[Session]:
    """A mission has one live session, its newest: an older one that still looks alive ended without a record."""
    newest = {session.mission_id: session.id for session in sessions if is_live(session.status)}
    return [
        session
        if newest.get(session.mission_id) == session.id or not is_live(session.status)
        else replace(session, status=_lost(session, at))
        for session in sessions
    ]


def _lost(session: Session, at: str) -> Ended:
    started_at = session.status.started_at if isinstance(session.status, Running | Waiting) else None
    return Ended(started_at, at, Interrupted("machine", "how it ended was lost with the damaged database"))


def _make(path: Path, sessions: list[Session], migrations: Sequence[Migration]) -> list[str]:
    """Write the new file; says which sessions did not fit its rules."""
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    lost: list[str] = []
    with closing(connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        migrate(connection, path, migrations)
        copy = read_copy(path.parent)
        with writing(connection):
            if copy is not None:
                queries.set_run_time(connection, RULES, copy.rules)
            for session in _in_line_order(sessions, copy):
                try:
                    insert_session(connection, session)
                    if isinstance(session.status, Queued):
                        put_back(connection, session.id)
                except (sqlite3.IntegrityError, UnicodeEncodeError, OverflowError) as error:
                    folder = path.parent / "sessions" / session.id
                    lost.append(f"{folder / METADATA} fits no rule of the database ({error}); it was left out")
    return lost


def _in_line_order(sessions: list[Session], copy: QueueCopy | None) -> list[Session]:
    """Those that wait come last, as they stood; all others as they are."""
    places = {session_id: place for place, session_id in enumerate(copy.order)} if copy else {}
    waiting = [session for session in sessions if isinstance(session.status, Queued)]
    waiting.sort(key=lambda session: places.get(session.id, len(places)))
    return [session for session in sessions if not isinstance(session.status, Queued)] + waiting


def _journal(path: Path, at: str, reason: str, moved: Path | None, sessions: int) -> None:
    # A reader's place in the lost journal must lie before the new one: seconds grow faster than events do.
    seq = int(clock.from_text(at).timestamp())
    data = {"reason": reason, "moved_to": str(moved) if moved else None, "sessions": sessions}
    with closing(connect(path)) as connection:
        insert_event(connection, Event(seq, at, "state_rebuilt", data=data))


def _move_aside(path: Path) -> Path | None:
    """The database with its companions, which keep fitting names, so that sqlite tools can still look at it."""
    aside = move_aside(path) if path.exists() else None
    for companion in _COMPANIONS:
        part = path.with_name(path.name + companion)
        if not part.exists():
            continue
        if aside:
            part.rename(aside.with_name(aside.name + companion))
        else:
            # Left alone, it would be replayed into the new file.
            move_aside(part)
    return aside


def _summary(path: Path, reason: str, moved: Path | None, sessions: int) -> str:
    aside = f"it was moved to {moved} and" if moved else "it was"
    plural = "session" if sessions == 1 else "sessions"
    return f"{path} {reason}; {aside} rebuilt from the metadata of {sessions} {plural}"


def _remove(path: Path) -> None:
    for companion in ("", *_COMPANIONS):
        with suppress(FileNotFoundError):
            path.with_name(path.name + companion).unlink()
