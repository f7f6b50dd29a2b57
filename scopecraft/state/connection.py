"""A connection as this package uses it, its transactions, and what its errors mean."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scopecraft.errors import StorageFailed

BUSY_SECONDS = 30.0
_NEEDED_BYTES = 64 * 1024  # for the files that SQLite keeps beside an open database
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_REASONS = {
    sqlite3.SQLITE_FULL: ("the disk is full", "free some space and try again"),
    sqlite3.SQLITE_READONLY: ("it is read-only", "check who owns it, or choose another home with SCOPECRAFT_HOME"),
    sqlite3.SQLITE_PERM: ("permission denied", "check who owns it, or choose another home with SCOPECRAFT_HOME"),
    sqlite3.SQLITE_CANTOPEN: ("it cannot be opened", "check that the home is writable and the disk not full"),
    sqlite3.SQLITE_IOERR: ("the disk reports an error", "check that the disk is not full and in order"),
    sqlite3.SQLITE_BUSY: ("other processes keep it busy", "try again in a moment"),
}


def connect(path: Path) -> sqlite3.Connection:
    """A connection to an existing file, of which nothing is read yet."""
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", BUSY_SECONDS, isolation_level=None, uri=True)


@contextmanager
def writing(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """One transaction that sees no other writer: all of it is kept, or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
        connection.execute("COMMIT")
    except BaseException:
        # A full disk ends a transaction by itself.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


class DamagedRow(sqlite3.DatabaseError):
    """A row holds something that no scopecraft wrote there."""


def is_damage(error: sqlite3.Error) -> bool:
    """Whether the file itself is broken, rather than busy, full or not ours to write."""
    return _code(error) in _DAMAGE or isinstance(error, DamagedRow) or "decode to UTF-8" in str(error)


def storage_failed(error: sqlite3.Error, path: Path) -> StorageFailed:
    """What SQLite said about using `path`, as one sentence of ours."""
    code = _code(error)
    if code in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN):
        code = _cause(path.parent) or code
    reason, hint = _REASONS.get(code, (str(error), "`sc doctor` checks the home"))
    return StorageFailed(f"cannot use {path}: {reason}", hint)


def _cause(folder: Path) -> int | None:
    """Why a file there may be impossible to open or to extend, which SQLite tells in no more than general words."""
    try:
        system = os.statvfs(folder)
    except OSError:
        return None
    if system.f_flag & os.ST_RDONLY:
        return sqlite3.SQLITE_READONLY
    return sqlite3.SQLITE_FULL if system.f_bavail * system.f_frsize < _NEEDED_BYTES else None


def _code(error: sqlite3.Error) -> int:
    # The low byte is the code, the rest its details; errors that Python raises itself have none.
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF
