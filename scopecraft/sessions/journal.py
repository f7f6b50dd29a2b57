"""The journal for readers: each event with the task and project that it is about."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from scopecraft.errors import ScopecraftError
from scopecraft.missions.finding import find_mission
from scopecraft.missions.trash import find_removal
from scopecraft.model.event import Event
from scopecraft.model.session import Ended, Outcome
from scopecraft.sessions.context import Context

PAGE = 500
MOST_LOOKED_AT = 20_000  # of events, in search of rare ones: then whoever asks may go on
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

    def fits_kind(self, event: Event) -> bool:
        return not self.kinds or event.kind in self.kinds

    def fits(self, entry: JournalEntry) -> bool:
        by_name = self.task in (None, entry.task) and self.project in (None, entry.project)
        return by_name and self.fits_kind(entry.event)


@dataclass(frozen=True, slots=True)
class Earlier:
    """Entries, the latest first. `before` is the place to go on at, None where there is nothing before them."""

    entries: tuple[JournalEntry, ...]
    before: int | None


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

    def new(self, looked_at: int | None = None) -> Iterator[JournalEntry]:
        """What was written since the last time and is wanted, in its order, by looking at about so many events."""
        looked = 0
        while looked_at is None or looked < looked_at:
            page = self.context.store.events(
                after=self.place, session_id=self.wanted.session_id, mission_id=self.wanted.mission_id, limit=PAGE
            )
            for event in page:
                self.place = event.seq
                entry = self._wanted(event)
                if entry is not None:
                    yield entry
            looked += len(page)
            if len(page) < PAGE:
                return

    def latest(self, most: int) -> tuple[list[JournalEntry], bool]:
        """The last so many that are wanted, in order, and whether there are earlier ones; `new` goes on after them."""
        self.place = self.newest()
        found = self.earlier(self.place + 1, most, looked_at=None)
        return list(found.entries[::-1]), found.before is not None

    def newest(self) -> int:
        """The place of the last event, of whatever kind: all that is written from now on comes after it."""
        last = self.context.store.earlier_events(limit=1)
        return last[0].seq if last else 0

    def earlier(self, before: int | None, most: int, *, looked_at: int | None = MOST_LOOKED_AT) -> Earlier:
        """The last `most` that are wanted and came before that place (None: before now), by looking at so many."""
        found, place, looked = list[JournalEntry](), before, 0
        while True:
            page = self.context.store.earlier_events(
                before=place, session_id=self.wanted.session_id, mission_id=self.wanted.mission_id, limit=PAGE
            )
            for event in page:
                place = event.seq
                entry = self._wanted(event)
                if entry is None:
                    continue
                if len(found) == most:
                    return Earlier(tuple(found), place + 1)
                found.append(entry)
            looked += len(page)
            if len(page) < PAGE:
                return Earlier(tuple(found), None)
            if looked_at is not None and looked >= looked_at:
                return Earlier(tuple(found), place)

    def _wanted(self, event: Event) -> JournalEntry | None:
        if not self.wanted.fits_kind(event):
            return None  # without a look at whose it is
        entry = self.entry(event)
        return entry if self.wanted.fits(entry) else None

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


def wanted_of(
    context: Context, task: str | None, session_id: str | None, project: str | None, kinds: frozenset[str]
) -> Wanted:
    """By what a person typed for a mission, which may be gone: then it is known by that name alone."""
    mission = None
    if task:
        with suppress(ScopecraftError):
            mission = find_mission(context.home, task, project, partial=False)
    return Wanted(
        mission_id=mission.id if mission else None,
        session_id=session_id or None,
        task=task or None if mission is None else None,
        project=project or None,
        kinds=kinds,
    )


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
