"""The line of sessions that wait for a slot. Each change is one transaction with its event."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scopecraft.errors import AlreadyRunning, StorageFailed, Superseded
from scopecraft.model.event import Event
from scopecraft.model.queue import Occupancy, QueueItem, QueueRules
from scopecraft.model.session import Queued, Session, Starting
from scopecraft.state import queries
from scopecraft.state.connection import writing
from scopecraft.state.queue_copy import write_copy
from scopecraft.state.rows import SELECT_SESSION, insert_event, insert_session, session_event, session_of, status_json
from scopecraft.state.schema import SESSION_COLUMNS

if TYPE_CHECKING:
    from scopecraft.state.database import Database

RULES = "queue"
# Asked inside the transaction; what it raises undoes it. This is how every admission is the same admission.
Guard = Callable[[Occupancy, QueueRules], None]
_SET_COLUMNS = ", ".join(f"{name} = ?" for name in SESSION_COLUMNS)


class Line:
    """Part of a store; `described` rewrites a session's copy for people after the commit."""

    def __init__(self, database: Database, described: Callable[[str], None], home: Path) -> None:
        self._database = database
        self._described = described
        self._home = home

    def enqueue(self, session: Session, at: str, guard: Guard, *, is_new: bool = True) -> QueueItem:
        """Record a session that waits, behind all others. Raises AlreadyRunning and what the guard raises."""
        if not isinstance(session.status, Queued):
            raise ValueError(f"what waits is queued, not {session.status.kind}")

        def insert(connection: sqlite3.Connection) -> QueueItem:
            with writing(connection):
                before = occupancy(connection)
                guard(before, rules(connection))
                created = _insert(connection, session, at)
                _stand(connection, session.id, is_new=is_new, is_waiting=True)
                return QueueItem(created, before.waiting + 1, is_new)

        item = self._database.run(insert)
        self._described(item.session.id)
        return item

    def create(self, session: Session, at: str, guard: Guard, fence: int | None) -> Session:
        """Record a session that starts at once.

        Of a supervisor's it is next in line should that die meanwhile; of a command there is nobody to begin it again.
        """

        def insert(connection: sqlite3.Connection) -> Session:
            with writing(connection):
                _check_fence(connection, fence)
                guard(occupancy(connection), rules(connection))
                created = _insert(connection, session, at)
                if fence is not None:
                    _stand(connection, session.id, is_new=True, is_waiting=False)
                return created

        created = self._database.run(insert)
        self._described(created.id)
        return created

    def begin(self, session: Session, at: str, guard: Guard, fence: int | None) -> Session | None:
        """One that waits starts, as the given session says; None, and nothing changed, if it does not wait any more.

        Raises Superseded for the fence of a supervisor that another one has followed, and what the guard raises.
        """
        if not isinstance(session.status, Starting):
            raise ValueError(f"what begins is starting, not {session.status.kind}")

        def change(connection: sqlite3.Connection) -> Session | None:
            with writing(connection):
                _check_fence(connection, fence)
                before = queries.get(connection, session.id)
                if before is None or not isinstance(before.status, Queued):
                    return None
                guard(occupancy(connection), rules(connection))
                begun = replace(session, attempt=before.attempt, created_at=before.created_at)
                values = [getattr(begun, name) for name in SESSION_COLUMNS]
                connection.execute(f"UPDATE session SET {_SET_COLUMNS} WHERE id = ?", (*values, session.id))
                queries.set_status(connection, session.id, begun.status.kind, status_json(begun.status))
                connection.execute("UPDATE line SET is_waiting = 0 WHERE session_id = ?", (session.id,))
                insert_event(connection, session_event(begun, "session_starting", at, {}))
            return begun

        begun = self._database.run(change)
        if begun:
            self._described(session.id)
        return begun

    def requeue(self, session_id: str, at: str) -> Session | None:
        """One whose starter died before anything of it ran waits again at its old place; None for any other."""

        def change(connection: sqlite3.Connection) -> Session | None:
            with writing(connection):
                session = queries.get(connection, session_id)
                if session is None or not isinstance(session.status, Starting) or not _has_place(connection, session):
                    return None
                waits = replace(session, status=Queued(session.created_at))
                queries.set_status(connection, session_id, waits.status.kind, status_json(waits.status))
                connection.execute("UPDATE line SET is_waiting = 1 WHERE session_id = ?", (session_id,))
                insert_event(connection, session_event(waits, "session_requeued", at, {}))
            return waits

        session = self._database.run(change)
        if session:
            self._described(session_id)
        return session

    def reorder(self, session_ids: Sequence[str], at: str, data: dict[str, Any]) -> None:
        """Those that wait stand in this order now; those not named keep theirs, behind them."""

        def change(connection: sqlite3.Connection) -> None:
            with writing(connection):
                waiting = [item.session.id for item in items(connection)]
                order = [each for each in session_ids if each in waiting]
                order += [each for each in waiting if each not in order]
                first = _last_place(connection) + 1
                for place, session_id in enumerate(order, first):
                    connection.execute("UPDATE line SET place = ? WHERE session_id = ?", (place, session_id))
                insert_event(connection, Event(0, at, "queue_changed", data=data))

        self._database.run(change)
        self._copy()

    def refuse_second(self, project: str, task: str) -> None:
        """Raises AlreadyRunning where a session of the task lives, waiting ones included."""
        _refuse(self._database.run(lambda connection: queries.live_task(connection, project, task)), task)

    def items(self, most: int | None = None) -> list[QueueItem]:
        """Who waits, in order; of a long line perhaps only the first ones."""
        return self._database.run(lambda connection: items(connection, -1 if most is None else most))

    def occupancy(self) -> Occupancy:
        return self._database.run(occupancy)

    def rules(self) -> QueueRules:
        return self._database.run(rules)

    def change_rules(self, changed: Callable[[QueueRules], QueueRules], at: str, data: dict[str, Any]) -> QueueRules:
        """The rules after the change; nothing is written, and nothing happened, where it changes nothing."""

        def change(connection: sqlite3.Connection) -> tuple[QueueRules, QueueRules]:
            with writing(connection):
                before = rules(connection)
                after = changed(before)
                if after != before:
                    queries.set_run_time(connection, RULES, asdict(after))
                    insert_event(connection, Event(0, at, "queue_changed", data=data))
            return before, after

        before, after = self._database.run(change)
        if after != before:
            self._copy()
        return after

    def _copy(self) -> None:
        """The commit stands, whatever happens to the copy."""
        try:
            write_copy(self._home, self.rules(), [item.session.id for item in self.items()])
        except StorageFailed as error:
            self._database.tell(str(error))


def items(connection: sqlite3.Connection, most: int = -1) -> list[QueueItem]:
    first = "FROM line WHERE is_waiting = 1 ORDER BY place LIMIT ?"
    order = connection.execute(f"SELECT session_id, is_new {first}", (most,)).fetchall()
    # by their ids: all others, ended ones above all, are far more
    query = f"{SELECT_SESSION} WHERE id IN (SELECT session_id {first})"
    sessions = {row[0]: session_of(row) for row in connection.execute(query, (most,))}
    found = [(sessions[session_id], bool(is_new)) for session_id, is_new in order if session_id in sessions]
    return [QueueItem(session, place, is_new) for place, (session, is_new) in enumerate(found, 1)]


def occupancy(connection: sqlite3.Connection) -> Occupancy:
    query = "SELECT is_new, count(*) FROM line WHERE is_waiting = 1 GROUP BY is_new"
    waiting = {bool(is_new): int(count) for is_new, count in connection.execute(query)}
    # by the index of those at work: a scan of everything that waits would cost more than all the rest
    at_work = (
        "SELECT count(*) FROM session INDEXED BY at_work WHERE status_kind IN ('starting', 'running', 'waiting')"
        " AND mode = 'autonomous' AND step_id <> 'visit'"
    )
    running = int(connection.execute(at_work).fetchone()[0])
    return Occupancy(running, sum(waiting.values()), waiting.get(True, 0))


def rules(connection: sqlite3.Connection) -> QueueRules:
    """The defaults where nobody has said otherwise; what a newer scopecraft wrote beside them is left out."""
    said = queries.run_time(connection, RULES)
    known = set(QueueRules.__dataclass_fields__)
    return QueueRules(
        **{name: value for name, value in said.items() if name in known} if isinstance(said, dict) else {}
    )


def take_out(connection: sqlite3.Connection, session_id: str) -> None:
    """Its place is nobody's any more: it runs, or has ended."""
    connection.execute("DELETE FROM line WHERE session_id = ?", (session_id,))


def put_back(connection: sqlite3.Connection, session_id: str) -> None:
    """For a database that is made anew: behind those that are there."""
    _stand(connection, session_id, is_new=True, is_waiting=True)


def _insert(connection: sqlite3.Connection, session: Session, at: str) -> Session:
    _refuse(queries.get(connection, session.id), session.task)
    _refuse_second(connection, session)
    attempt = queries.attempts(connection, session.mission_id, session.step_id) + 1
    created = replace(session, attempt=attempt)
    insert_session(connection, created)
    data = {"attempt": attempt, "status": session.status.kind}
    insert_event(connection, session_event(created, "session_created", at, data))
    return created


def _refuse_second(connection: sqlite3.Connection, session: Session) -> None:
    _refuse(queries.rival_of(connection, session), session.task)
    # a mission that waits to be made is known by its name only
    named = queries.live_task(connection, session.project, session.task)
    if named is not None and named.mission_id != session.mission_id:
        _refuse(named, session.task)


def _refuse(living: Session | None, task: str) -> None:
    if living is None:
        return
    if isinstance(living.status, Queued):
        raise AlreadyRunning(
            f"{task} waits in the queue already: {living.id}",
            f"see its place: sc queue   take it out: sc queue remove {living.id}",
        )
    raise AlreadyRunning(
        f"{task} already has a session: {living.id} ({living.status.kind})",
        f"see it: sc show {living.id}   end it: sc stop {living.id}",
    )


def _stand(connection: sqlite3.Connection, session_id: str, *, is_new: bool, is_waiting: bool) -> None:
    values = (session_id, _last_place(connection) + 1, is_new, is_waiting)
    connection.execute("INSERT INTO line (session_id, place, is_new, is_waiting) VALUES (?, ?, ?, ?)", values)


def _last_place(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT coalesce(max(place), 0) FROM line").fetchone()[0])


def _has_place(connection: sqlite3.Connection, session: Session) -> bool:
    return connection.execute("SELECT 1 FROM line WHERE session_id = ?", (session.id,)).fetchone() is not None


def _check_fence(connection: sqlite3.Connection, fence: int | None) -> None:
    if fence is None:
        return
    known = queries.run_time(connection, queries.FENCE)
    if known is None:  # the database was lost and rebuilt under it
        queries.set_run_time(connection, queries.FENCE, fence)
    elif fence != known:
        raise Superseded("another supervisor has taken this home over", "see which: sc status")
