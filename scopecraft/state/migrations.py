"""Numbered steps from one version of the database to the next, and how an older one is brought forward."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

from scopecraft.errors import StateTooNew
from scopecraft.state.connection import writing
from scopecraft.state.schema import VERSION_1, VERSION_2, VERSION_3, VERSION_4

Migration = Callable[[sqlite3.Connection], None]


def first_tables(connection: sqlite3.Connection) -> None:
    for statement in VERSION_1:
        connection.execute(statement)


def the_queue(connection: sqlite3.Connection) -> None:
    for statement in VERSION_2:
        connection.execute(statement)


def documents_and_calls(connection: sqlite3.Connection) -> None:
    for statement in VERSION_3:
        connection.execute(statement)


def ends_by_time(connection: sqlite3.Connection) -> None:
    for statement in VERSION_4:
        connection.execute(statement)


# The n-th function makes version n of version n-1. Only ever add at the end.
MIGRATIONS: tuple[Migration, ...] = (first_tables, the_queue, documents_and_calls, ends_by_time)


def version_of(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def check_version(path: Path, found: int, known: int) -> None:
    """Raises StateTooNew, which names both versions."""
    if found > known:
        raise StateTooNew(
            f"{path} has version {found}, and this scopecraft knows versions up to {known}",
            "use the newer scopecraft that wrote it, or another home (SCOPECRAFT_HOME)",
        )


def migrate(connection: sqlite3.Connection, path: Path, migrations: Sequence[Migration] = MIGRATIONS) -> Path | None:
    """Bring it to the newest version, each step in a transaction of its own; returns where the backup is.

    Nobody else may migrate meanwhile. A new database needs no backup.
    """
    found = version_of(connection)
    check_version(path, found, len(migrations))
    if found == len(migrations):
        return None
    backup = _back_up(connection, path, found) if found else None
    for number, step in enumerate(migrations[found:], start=found + 1):
        with writing(connection):
            step(connection)
            connection.execute(f"PRAGMA user_version = {number}")
    return backup


def _back_up(connection: sqlite3.Connection, path: Path, version: int) -> Path:
    backup = path.with_name(f"{path.name}.backup-v{version}")
    unfinished = path.with_name(f"{path.name}.backup-new")
    unfinished.unlink(missing_ok=True)
    unfinished.touch(mode=0o600)
    try:
        with closing(sqlite3.connect(unfinished)) as copy:
            connection.backup(copy)
        return unfinished.replace(backup)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
