"""Finding the database in order, or putting it in order: made, rebuilt or migrated, by one process at a time."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Sequence
from pathlib import Path

from scopecraft import atomic
from scopecraft.model import clock
from scopecraft.state.connection import connect, is_damage, storage_failed
from scopecraft.state.migrations import Migration, check_version, migrate, version_of
from scopecraft.state.rebuild import rebuild

SET_UP_SECONDS = 60.0


class _Unusable(Exception):
    """There is no database in order at that path; says what is wrong, as the end of a sentence."""


def open_database(
    path: Path, migrations: Sequence[Migration], *, damaged: int | None = None
) -> tuple[sqlite3.Connection, list[str]]:
    """A connection to a database of the newest version, and what a person should be told.

    `damaged` is the inode of a file that turned out to be damaged; it is rebuilt whatever it looks like now.
    Raises StorageFailed, StateTooNew and LockHeld.
    """
    # Closing a damaged file would write its log into it: only after it was moved SQLite leaves it as it is.
    suspects: list[sqlite3.Connection] = []
    try:
        if damaged is None and (connection := _open_ready(path, migrations, suspects)):
            return connection, []
        if not path.parent.is_dir():  # the lock of a folder that is gone would be a file in its place
            raise FileNotFoundError(errno.ENOENT, "its folder is gone")
        with atomic.file_lock(path.parent, timeout=SET_UP_SECONDS):
            return _set_up(path, migrations, damaged, suspects)
    except sqlite3.DatabaseError as error:
        raise storage_failed(error, path) from error
    except OSError as error:
        raise atomic.storage_failed(error, path) from error
    finally:
        for suspect in suspects:
            suspect.close()


def _open_ready(
    path: Path, migrations: Sequence[Migration], suspects: list[sqlite3.Connection]
) -> sqlite3.Connection | None:
    """The usual case, without a lock; None when there is something to put in order."""
    try:
        connection = _open_sound(path, migrations, suspects)
    except _Unusable:
        return None
    if version_of(connection) == len(migrations):
        return connection
    connection.close()
    return None


def _set_up(
    path: Path, migrations: Sequence[Migration], damaged: int | None, suspects: list[sqlite3.Connection]
) -> tuple[sqlite3.Connection, list[str]]:
    notices: list[str] = []
    try:
        # Another process may have rebuilt it while we waited for the lock.
        if damaged is not None and path.exists() and path.stat().st_ino == damaged:
            raise _Unusable("is damaged")
        connection = _open_sound(path, migrations, suspects)
    except _Unusable as problem:
        notices = rebuild(path, str(problem), clock.to_text(clock.now()), migrations)
        connection = _open_sound(path, migrations, suspects)
    try:
        migrate(connection, path, migrations)
    except BaseException:
        connection.close()
        raise
    return connection, notices


def _open_sound(path: Path, migrations: Sequence[Migration], suspects: list[sqlite3.Connection]) -> sqlite3.Connection:
    """A connection to something that is a database of ours, perhaps an older one.

    Raises _Unusable (and adds to `suspects` what it opened) and StateTooNew.
    """
    try:
        before = path.stat()
        if before.st_size == 0:
            raise _Unusable("is empty")
        connection = connect(path)
    except (FileNotFoundError, sqlite3.OperationalError) as error:
        # Perhaps only for the moment in which another process replaces it: the lock will tell.
        if not path.exists():
            raise _Unusable("was missing") from error
        raise
    try:
        _probe(connection, path, len(migrations))
        # Replaced meanwhile, the old file might have been read together with the new one's log.
        if not path.exists() or path.stat().st_ino != before.st_ino:
            raise _Unusable("was replaced")
    except BaseException as error:
        suspects.append(connection)
        if isinstance(error, sqlite3.DatabaseError) and is_damage(error):
            raise _Unusable(f"is damaged ({error})") from error
        raise
    return connection


def _probe(connection: sqlite3.Connection, path: Path, known: int) -> None:
    connection.execute("PRAGMA synchronous = FULL")  # what is committed is on the disk
    found = version_of(connection)
    check_version(path, found, known)
    tables = connection.execute("SELECT count(*) FROM sqlite_master WHERE name IN ('session', 'event')").fetchone()[0]
    # We only ever rename a finished database into place.
    if found < 1 or tables != 2:
        raise _Unusable("is not a database of scopecraft")
    index = "live_session" if found < 3 else "live_step"
    connection.execute(f"SELECT id FROM session INDEXED BY {index} WHERE status_kind <> 'ended' LIMIT 1").fetchone()
