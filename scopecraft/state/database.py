"""The database of a home, kept usable: a damaged one is rebuilt, and one that another process rebuilt is followed."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from scopecraft.errors import BadInput
from scopecraft.state.connection import is_damage, storage_failed
from scopecraft.state.migrations import Migration
from scopecraft.state.opening import open_database

_NO_FILE = -1  # the inode of none
T = TypeVar("T")
OnNotice = Callable[[str], object]


class Database:
    """Runs actions on the file at `path`. `told` collects what a person should hear, in order and once."""

    def __init__(self, path: Path, migrations: Sequence[Migration], on_notice: OnNotice = lambda _: None) -> None:
        self.told: dict[str, None] = {}
        self._on_notice = on_notice
        self._path = path
        self._migrations = migrations
        self._connections = 0
        self._inode = 0
        self._connect()

    def close(self) -> None:
        self._connection.close()

    def tell(self, notice: str) -> None:
        if notice not in self.told:
            self.told[notice] = None
            self._on_notice(notice)

    def run(self, action: Callable[[sqlite3.Connection], T]) -> T:
        """Act on the database; if it turns out to be damaged it is rebuilt first, and the action done again.

        An action writes in one transaction, or not at all. Raises StorageFailed, ValueError where the tables' own
        rules are broken, and BadInput for text that is not valid UTF-8.
        """
        try:
            return self._attempt(action)
        except sqlite3.DatabaseError as error:
            if not is_damage(error):
                raise
            damaged, self._inode = self._inode, _NO_FILE
            with closing(self._connection):  # but not before it was moved: see open_database
                self._connect(damaged=damaged)
        try:
            return self._attempt(action)
        except sqlite3.DatabaseError as error:
            raise storage_failed(error, self._path) from error

    def data_version(self) -> int:
        """Differs from its last answer when somebody else has written meanwhile."""
        version = self.run(lambda connection: int(connection.execute("PRAGMA data_version").fetchone()[0]))
        # SQLite counts anew for each connection.
        return (self._connections << 32) + version

    def _attempt(self, action: Callable[[sqlite3.Connection], T]) -> T:
        """Of the errors of SQLite it lets through damage, and misuse of the connection."""
        while True:
            self._follow_file()
            try:
                result = action(self._connection)
            except sqlite3.ProgrammingError:
                raise
            except sqlite3.IntegrityError as error:
                raise ValueError(f"against the rules of the database: {error}") from error
            except sqlite3.DatabaseError as error:
                if is_damage(error):
                    raise
                raise storage_failed(error, self._path) from error
            except UnicodeEncodeError as error:
                text = f"not valid UTF-8: {error.object!r}"
                raise BadInput(text, "use names and paths that are valid UTF-8") from error
            # What was written into a file that another process has moved aside is lost: once more, then.
            if self._current_inode() == self._inode:
                return result

    def _follow_file(self) -> None:
        if self._current_inode() != self._inode:
            self._connection.close()
            self._inode = _NO_FILE  # should there be nothing to connect to now, the next attempt tries again
            self._connect()

    def _current_inode(self) -> int:
        try:
            return self._path.stat().st_ino
        except OSError:
            return 0

    def _connect(self, damaged: int | None = None) -> None:
        self._connection, notices = open_database(self._path, self._migrations, damaged=damaged)
        self._inode = self._path.stat().st_ino
        self._connections += 1
        for notice in notices:
            self.tell(notice)
