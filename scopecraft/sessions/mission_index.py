"""All missions of a home as lists for programs tell them: who asks again pays for what has changed.

How a mission stands is judged again when it was read again, when the journal has something of it, or when a session of
it lives or lived a moment ago.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from scopecraft.missions.kept_listing import KeptMissions
from scopecraft.missions.listing import Listed
from scopecraft.missions.next_step import Known
from scopecraft.model.mission import MissionStatus
from scopecraft.model.mission_words import Stage
from scopecraft.sessions.context import Context
from scopecraft.sessions.mission_json import list_item_dict
from scopecraft.sessions.missions_seen import Seen, view_of

Encode = Callable[[Mapping[str, Any]], bytes]


@dataclass(frozen=True, slots=True)
class Row:
    """One mission: what lists are filtered by, and its item, encoded once."""

    mission_id: str
    title: str
    task: str
    project: str
    status: MissionStatus
    stage: Stage
    updated_at: str
    item: bytes


@dataclass(frozen=True, slots=True)
class _Told:
    """A row, and what it was made of."""

    listed: Listed
    row: Row


class MissionIndex:
    """For one thread at a time. `rows` are the newest first, and another tuple only where one of them is another."""

    def __init__(self, encode: Encode) -> None:
        self._encode = encode
        self._told: dict[str, _Told] = {}  # by folder
        self._kept = KeptMissions({}, {})
        self._living: frozenset[str] = frozenset()
        self._place: int | None = None  # in the journal
        self.rows: tuple[Row, ...] = ()

    def refresh(self, context: Context, kept: KeptMissions, seen: Seen) -> None:
        """`seen` is how everything in the home stands at this moment. Raises StateUnreadable, StorageFailed."""
        moved = self._moved(context, seen)
        is_same = kept.active is self._kept.active and kept.complete is self._kept.complete
        if is_same and not any(told.row.mission_id in moved for told in self._told.values()):
            return
        # while one is moved it may be found in both
        both = {**kept.complete, **kept.active}
        stale = {folder: each for folder, each in both.items() if self._is_stale(folder, each, moved)}
        spent = context.store.costs_of([each.mission.id for each in stale.values()]) if stale else {}
        told = {folder: self._told[folder] for folder in both if folder not in stale}
        for folder, each in stale.items():
            told[folder] = _Told(each, self._row(each, self._told.get(folder), seen, spent))
        self._told, self._kept = told, kept
        found = {each.row.mission_id: each.row for each in told.values()}
        rows = tuple(sorted(found.values(), key=lambda row: (row.updated_at, row.mission_id), reverse=True))
        self.rows = self.rows if rows == self.rows else rows

    def _moved(self, context: Context, seen: Seen) -> frozenset[str]:
        """The missions that may stand in another way than before."""
        store = context.store
        events = store.earlier_events(limit=1) if self._place is None else store.events(after=self._place)
        self._place = max((event.seq for event in events), default=self._place or 0)
        before, self._living = self._living, frozenset(seen.live)
        return before | self._living | {event.mission_id for event in events if event.mission_id}

    def _is_stale(self, folder: str, listed: Listed, moved: frozenset[str]) -> bool:
        told = self._told.get(folder)
        return told is None or told.listed is not listed or listed.mission.id in moved

    def _row(self, listed: Listed, before: _Told | None, seen: Seen, spent: Mapping[str, float]) -> Row:
        mission = listed.mission
        known = Known(seen.live.get(mission.id, ()), seen.places, is_supervised=seen.is_supervised)
        view = view_of(listed, seen, spent.get(mission.id), known)
        row = Row(
            mission_id=mission.id,
            title=mission.title,
            task=mission.slug,
            project=mission.project,
            status=mission.status,
            stage=view.next.stage,
            updated_at=mission.updated_at,
            item=self._encode(list_item_dict(view)),
        )
        return before.row if before is not None and before.row == row else row
