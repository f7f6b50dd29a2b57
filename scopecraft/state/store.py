"""The store: sessions, their moves, and the journal of what happened."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from scopecraft.atomic import private_folder
from scopecraft.errors import AlreadyRunning, LockHeld, NotFound, StorageFailed
from scopecraft.model.event import Alert, Event, EventKind
from scopecraft.model.queue import QueueItem
from scopecraft.model.session import BEGINNINGS, Session, Status, is_live, may_move
from scopecraft.state import queries
from scopecraft.state.connection import writing
from scopecraft.state.database import Database, OnNotice
from scopecraft.state.line import Line, take_out
from scopecraft.state.metadata import refresh_metadata
from scopecraft.state.migrations import MIGRATIONS, Migration
from scopecraft.state.past import Past, ends, past
from scopecraft.state.rows import insert_event, insert_session, session_event, status_json
from scopecraft.state.used import Dimension, Span, Used, used

DATABASE = "scopecraft.db"


class Store:
    """One home's sessions and journal; any number of processes may have it open. One thread at a time.

    What a method returns is on the disk. Every method may raise StorageFailed.
    """

    def __init__(self, home: Path, migrations: Sequence[Migration], on_notice: OnNotice) -> None:
        self._sessions = home / "sessions"
        self._database = Database(home / DATABASE, migrations, on_notice)
        self.queue = Line(self._database, self._describe, home)

    @classmethod
    def open(
        cls, home: Path, *, migrations: Sequence[Migration] = MIGRATIONS, on_notice: OnNotice = lambda _: None
    ) -> Self:
        """The store of a home, made, migrated or rebuilt as needed; `on_notice` hears of each of `notices` at once.

        Raises StateTooNew and StorageFailed.
        """
        private_folder(home)
        return cls(home, migrations, on_notice)

    @property
    def notices(self) -> tuple[str, ...]:
        """What went wrong and was mended, or could not be written beside the database; one sentence each."""
        return tuple(self._database.told)

    def close(self) -> None:
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # Changes: the event and the new status are one transaction.

    def create(self, session: Session, at: str) -> Session:
        """Record a new session, queued or starting; returns it with its attempt, which is counted here.

        Raises AlreadyRunning, and BadInput for paths that are not valid UTF-8.
        """
        if session.status.kind not in BEGINNINGS:
            raise ValueError(f"a session does not begin as {session.status.kind}")

        def insert(connection: sqlite3.Connection) -> Session:
            with writing(connection):
                _refuse_second(queries.get(connection, session.id), session)
                _refuse_second(queries.rival_of(connection, session), session)
                attempt = queries.attempts(connection, session.mission_id, session.step_id) + 1
                created = replace(session, attempt=attempt)
                insert_session(connection, created)
                insert_event(connection, session_event(created, "session_created", at, {"attempt": attempt}))
            return created

        created = self._database.run(insert)
        self._describe(created.id)
        return created

    def move(
        self,
        session_id: str,
        status: Status,
        event: EventKind,
        at: str,
        *,
        seen: Status | None = None,
        data: Mapping[str, Any] | None = None,
        also: Sequence[Event] = (),
    ) -> Session | None:
        """Give the session another status; None, and nothing changed, if it is not (any more) as `seen`.

        `also` is what happened on the way; it comes before the move itself in the journal, in the same transaction.
        Raises NotFound, and ValueError for a move that MOVES does not have.
        """

        def change(connection: sqlite3.Connection) -> Session | None:
            with writing(connection):
                session = _known(connection, session_id)
                if seen is not None and session.status != seen:
                    return None
                if not may_move(session.status, status):
                    raise ValueError(f"{session_id} cannot move from {session.status.kind} to {status.kind}")
                queries.set_status(connection, session_id, status.kind, status_json(status))
                if status.kind in ("running", "ended"):
                    take_out(connection, session_id)
                for earlier in also:
                    insert_event(connection, replace(earlier, seq=0))
                insert_event(connection, session_event(session, event, at, data or {}))
            return replace(session, status=status)

        moved = self._database.run(change)
        if moved:
            self._describe(session_id)
        return moved

    def request_stop(self, session_id: str, at: str, by: str) -> Session:
        """Record that somebody wants it ended; the first time counts. An ended session stays as it is."""

        def change(connection: sqlite3.Connection) -> Session:
            with writing(connection):
                session = _known(connection, session_id)
                if not is_live(session.status):
                    return session
                if not queries.has_stop_request(connection, session_id, by):
                    insert_event(connection, session_event(session, "session_stop_requested", at, {"by": by}))
                first = session.stop_requested_at or at
                queries.set_column(connection, session_id, "stop_requested_at", first)
            return replace(session, stop_requested_at=first)

        session = self._database.run(change)
        self._describe(session_id)
        return session

    def set_conversation(self, session_id: str, conversation_id: str) -> None:
        """Remember the agent's own id of the conversation. Raises NotFound."""

        def change(connection: sqlite3.Connection) -> None:
            with writing(connection):
                _known(connection, session_id)
                queries.set_column(connection, session_id, "conversation_id", conversation_id)

        self._database.run(change)
        self._describe(session_id)

    def append(self, *events: Event) -> int:
        """Add to the journal, all or none; returns the place of the last one there (`seq`), which only grows."""

        def insert(connection: sqlite3.Connection) -> int:
            with writing(connection):
                return max([insert_event(connection, replace(event, seq=0)) for event in events], default=0)

        return self._database.run(insert)

    def describe(self, session_id: str, extras: Mapping[str, Any]) -> None:
        """Add to the `extras` of the session's `metadata.json`: for people, never read back. Raises NotFound."""
        self._database.run(lambda connection: _known(connection, session_id))
        self._describe(session_id, extras)

    # Questions.

    def get(self, session_id: str) -> Session | None:
        return self._database.run(lambda connection: queries.get(connection, session_id))

    def live_of(self, mission_id: str) -> list[Session]:
        """Those of a mission that have not ended, the oldest first."""
        return self._database.run(lambda connection: queries.live_of(connection, mission_id))

    def live(self) -> list[Session]:
        """Those that have not ended, oldest first."""
        return self._database.run(queries.live)

    def sessions(
        self,
        *,
        mission_id: str | None = None,
        project: str | None = None,
        status_kinds: Collection[str] | None = None,
        limit: int | None = None,
        offset: int = 0,
    ) -> list[Session]:
        """Newest first; each condition narrows."""
        equal = {"mission_id": mission_id, "project": project}
        page = (-1 if limit is None else limit, offset)
        return self._database.run(lambda connection: queries.sessions(connection, equal, status_kinds, page))

    def matching(self, text: str) -> list[Session]:
        """The session with that id, else all whose id begins or ends so (with or without `r-`), newest first."""
        return self._database.run(lambda connection: queries.matching(connection, text))

    def latest_of_task(self, task: str) -> list[Session]:
        """By the name that its mission had, the newest of each project; for missions never made, or gone."""
        return self._database.run(lambda connection: queries.latest_of_task(connection, task))

    def line(self) -> list[QueueItem]:
        """Who waits for a slot, in order."""
        return self.queue.items()

    def latest_of(self, mission_id: str) -> Session | None:
        return next(iter(self.sessions(mission_id=mission_id, limit=1)), None)

    def latest_begun_of(self, mission_id: str) -> Session | None:
        """The same without one that waits in the queue."""
        begun = ("starting", "running", "waiting", "ended")
        return next(iter(self.sessions(mission_id=mission_id, status_kinds=begun, limit=1)), None)

    def events(
        self,
        *,
        after: int = 0,
        session_id: str | None = None,
        mission_id: str | None = None,
        limit: int | None = None,
    ) -> list[Event]:
        """The journal beyond `after`, in its order."""
        equal = {"session_id": session_id, "mission_id": mission_id}
        return self._database.run(lambda connection: queries.events(connection, after, equal, limit))

    def earlier_events(
        self,
        *,
        before: int | None = None,
        session_id: str | None = None,
        mission_id: str | None = None,
        limit: int = 1,
    ) -> list[Event]:
        """The journal backwards, the latest event first: what came before the place `before`, None: before now."""
        equal = {"session_id": session_id, "mission_id": mission_id}
        return self._database.run(lambda connection: queries.earlier_events(connection, before, equal, limit))

    def costs_of(self, mission_ids: Collection[str]) -> dict[str, float]:
        """By mission, in dollars: what its ended sessions cost, as their agents told; nothing where none told it."""
        return self._database.run(lambda connection: queries.costs(connection, mission_ids))

    def used(self, span: Span, dimensions: Collection[Dimension]) -> dict[Dimension, list[Used]]:
        """What sessions used that have run and ended, summed up by each dimension."""
        return self._database.run(lambda connection: used(connection, span, dimensions))

    def past(self, wanted: Past, *, limit: int, offset: int = 0) -> tuple[list[Session], int]:
        """A page of those that have ended, the newest first, and how many there are in all."""
        return self._database.run(lambda connection: past(connection, wanted, limit, offset))

    def ends_of(self, session_ids: Collection[str]) -> dict[str, dict[str, Any]]:
        """By session: what the journal says of its end, with what it used; nothing for one that lives."""
        return self._database.run(lambda connection: ends(connection, session_ids))

    def alerts_of(self, session_id: str) -> list[Alert]:
        return self._database.run(lambda connection: queries.alerts(connection, session_id))

    def run_time(self, name: str) -> Any:
        """A setting that changes at run time, or a mark of the supervisor: JSON; None where it was never set."""
        return self._database.run(lambda connection: queries.run_time(connection, name))

    def set_run_time(self, name: str, value: Any) -> None:
        def change(connection: sqlite3.Connection) -> None:
            with writing(connection):
                queries.set_run_time(connection, name, value)

        self._database.run(change)

    def next_fence(self) -> int:
        """The number of a supervisor that takes the home over: higher than that of each one before it."""

        def change(connection: sqlite3.Connection) -> int:
            with writing(connection):
                return queries.next_fence(connection)

        return self._database.run(change)

    def data_version(self) -> int:
        """Differs from its last answer when another process, or another store, has written meanwhile."""
        return self._database.data_version()

    def _describe(self, session_id: str, extras: Mapping[str, Any] | None = None) -> None:
        """The commit stands, whatever happens to the copy for people."""
        try:
            notice = refresh_metadata(self._sessions / session_id, lambda: self.get(session_id), extras)
            if notice:
                self._database.tell(notice)
        except (StorageFailed, LockHeld) as error:
            self._database.tell(str(error))


def _known(connection: sqlite3.Connection, session_id: str) -> Session:
    session = queries.get(connection, session_id)
    if session is None:
        raise NotFound(f"no session {session_id}", "`sc ls --all` lists them")
    return session


def _refuse_second(living: Session | None, session: Session) -> None:
    if living:
        raise AlreadyRunning(
            f"{session.task} already has a session: {living.id} ({living.status.kind})",
            f"`sc attach {living.id}` shows it, `sc stop {living.id}` ends it",
        )
