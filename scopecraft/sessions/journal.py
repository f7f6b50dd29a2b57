"""The journal for readers: each event with the task and project that it is about."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from scopecraft.errors import ScopecraftError
from scopecraft.missions.finding import find_mission
from scopecraft.missions.trash import find_removal
from scopecraft.model.event import Event
from scopecraft.model.session import Ended, Outcome
from scopecraft.sessions.context import Context

PAGE = 500
_NOBODY = (None, None)


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """`task` and `project` are None for what concerns the home as a whole, or a mission that nobody knows any more."""

    event: Event
    task: str | None
    project: str | None
    outcome: Outcome | None = None  # of a session's end


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of the journal is to be read; None and nothing mean all. A mission that is gone is known by its task."""

    mission_id: str | None = None
    session_id: str | None = None
    task: str | None = None
    project: str | None = None
    kinds: frozenset[str] = frozenset()

    def fits(self, entry: JournalEntry) -> bool:
        by_name = self.task in (None, entry.task) and self.project in (None, entry.project)
        return by_name and (not self.kinds or entry.event.kind in self.kinds)


@dataclass
class Journal:
    """A way through the journal of a home, from `place` on: each event once, whoever rebuilds the database meanwhile.

    A rebuilt journal begins at a place that lies beyond all places of the lost one: see state/rebuild.py.
    """

    context: Context
    wanted: Wanted = Wanted()
    place: int = 0  # of the last event that was read
    _sessions: dict[str, tuple[str, str]] = field(default_factory=dict, repr=False)  # their task and project
    _missions: dict[str, tuple[str | None, str | None]] = field(default_factory=dict, repr=False)

    def new(self) -> Iterator[JournalEntry]:
        """What was written since the last time and is wanted, in its order."""
        while True:
            page = self.context.store.events(
                after=self.place, session_id=self.wanted.session_id, mission_id=self.wanted.mission_id, limit=PAGE
            )
            for event in page:
                self.place = event.seq
                entry = self.entry(event)
                if self.wanted.fits(entry):
                    yield entry
            if len(page) < PAGE:
                return

    def latest(self, most: int) -> tuple[list[JournalEntry], bool]:
        """The last so many that are wanted, in order, and whether there are earlier ones; `new` goes on after them."""
        newest = self.context.store.earlier_events(limit=1)
        self.place = newest[0].seq if newest else 0
        before, found = self.place + 1, list[JournalEntry]()
        while True:
            page = self.context.store.earlier_events(
                before=before, session_id=self.wanted.session_id, mission_id=self.wanted.mission_id, limit=PAGE
            )
            for event in page:
                before = event.seq
                entry = self.entry(event)
                if not self.wanted.fits(entry):
                    continue
                if len(found) == most:
                    return found[::-1], True
                found.append(entry)
            if len(page) < PAGE:
                return found[::-1], False

    def entry(self, event: Event) -> JournalEntry:
        known = self._sessions.get(event.session_id or "")
        if known is not None and event.kind != "session_ended":
            return JournalEntry(event, *known)
        session = self.context.store.get(event.session_id) if event.session_id else None
        if session is None:
            return JournalEntry(event, *self._of_mission(event.mission_id))
        self._sessions[session.id] = session.task, session.project
        outcome = session.status.outcome if isinstance(session.status, Ended) else None
        return JournalEntry(event, session.task, session.project, outcome if event.kind == "session_ended" else None)

    def _of_mission(self, mission_id: str | None) -> tuple[str | None, str | None]:
        if mission_id is None:
            return _NOBODY
        if mission_id not in self._missions:
            self._missions[mission_id] = _named(self.context, mission_id)
        return self._missions[mission_id]


def _named(context: Context, mission_id: str) -> tuple[str | None, str | None]:
    """Its task and project, by its sessions, its folder, or what the trash says of it."""
    session = context.store.latest_of(mission_id)
    if session is not None:
        return session.task, session.project
    try:
        mission = find_mission(context.home, mission_id, None, partial=False)
        if mission is not None:
            return mission.slug, mission.project
        removal = find_removal(context.home, mission_id, None)
        return removal.slug, removal.project
    except ScopecraftError:
        return _NOBODY


def entry_dict(entry: JournalEntry) -> dict[str, Any]:
    """An entry as programs read it: the same keys for every kind."""
    event = entry.event
    return {
        "seq": event.seq,
        "at": event.at,
        "kind": event.kind,
        "mission_id": event.mission_id,
        "session_id": event.session_id,
        "task": entry.task,
        "project": entry.project,
        "data": dict(event.data),
    }
