"""All missions of a home as lists tell them, kept in memory: who asks again pays for what has changed.

A mission is read again when its file is another one; one that is complete is frozen, so its name is enough. How it
stands is judged again when the journal has something of it, or a session of it lives or lived a moment ago.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from scopecraft.atomic import written_ns
from scopecraft.errors import ScopecraftError
from scopecraft.missions.folder import names_by_id, read_mission
from scopecraft.missions.listing import Listed
from scopecraft.missions.next_step import Known
from scopecraft.missions.recipe import load_workflow
from scopecraft.model.mission import MissionStatus
from scopecraft.model.mission_words import Stage
from scopecraft.model.workflow import DIRECT
from scopecraft.sessions.context import Context
from scopecraft.sessions.mission_json import list_item_dict
from scopecraft.sessions.missions_seen import Seen, view_of

SETTLED_NS = 100_000_000  # a folder that was changed just now may change again without another time stamp
_Stamp = tuple[int, int, int]


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
class _Kept:
    """What was read in a folder; `listed` is None for what cannot be read, and hides nothing else."""

    mission_id: str
    stamp: _Stamp | None
    listed: Listed | None
    row: Row | None = None


class MissionIndex:
    """For one thread at a time. `rows` are the newest first, and another tuple only where one of them is another."""

    def __init__(self, encode: Callable[[Mapping[str, Any]], bytes]) -> None:
        self._encode = encode
        self._kept: dict[str, _Kept] = {}  # by folder
        self._names: dict[bool, tuple[int, list[tuple[str, str, str]]]] = {}  # by whether complete
        self._living: frozenset[str] = frozenset()
        self._place: int | None = None  # in the journal
        self.rows: tuple[Row, ...] = ()

    def refresh(self, context: Context, seen: Seen) -> None:
        """`seen` is how everything in the home stands at this moment. Raises StateUnreadable, StorageFailed."""
        moved = self._moved(context, seen)
        kept = {folder: self._as_it_is(folder, known) for folder, known in self._folders(context)}
        stale = [
            folder for folder, each in kept.items() if each.listed and (each.row is None or each.mission_id in moved)
        ]
        spent = context.store.costs_of([kept[folder].mission_id for folder in stale]) if stale else {}
        for folder in stale:
            kept[folder] = replace(kept[folder], row=self._row(kept[folder], seen, spent))
        self._kept = kept
        found = {each.row.mission_id: each.row for each in kept.values() if each.row is not None}
        rows = tuple(sorted(found.values(), key=lambda row: (row.updated_at, row.mission_id), reverse=True))
        if rows != self.rows:
            self.rows = rows

    def _moved(self, context: Context, seen: Seen) -> frozenset[str]:
        """The missions that may stand in another way than before."""
        store = context.store
        events = store.earlier_events(limit=1) if self._place is None else store.events(after=self._place)
        self._place = max((event.seq for event in events), default=self._place or 0)
        before, self._living = self._living, frozenset(seen.live)
        return before | self._living | {event.mission_id for event in events if event.mission_id}

    def _folders(self, context: Context) -> list[tuple[str, _Kept]]:
        """Each with what is known of it."""
        found = []
        for is_complete in (False, True):
            for mission_id, _, folder in self._names_of(context, is_complete):
                known = self._kept.get(folder)
                if known is None or not is_complete:
                    stamp = _stamp(folder)
                    known = known if known and known.stamp == stamp else _Kept(mission_id, stamp, None)
                found.append((folder, known))
        return found

    def _names_of(self, context: Context, is_complete: bool) -> list[tuple[str, str, str]]:
        place = context.home.missions_completed if is_complete else context.home.missions_active
        changed_ns = written_ns(place)
        known = self._names.get(is_complete)
        if known is not None and known[0] == changed_ns:
            return known[1]
        is_settled = time.time_ns() - changed_ns > SETTLED_NS
        names = names_by_id(context.home, completed=is_complete)
        self._names[is_complete] = (changed_ns if is_settled else 0, names)
        return names

    def _as_it_is(self, folder: str, known: _Kept) -> _Kept:
        """Read, where it is not known with this stamp."""
        if self._kept.get(folder) is known:
            return known
        return replace(known, listed=_read(Path(folder)))

    def _row(self, kept: _Kept, seen: Seen, spent: Mapping[str, float]) -> Row:
        assert kept.listed is not None
        mission = kept.listed.mission
        known = Known(seen.live.get(mission.id, ()), seen.places, is_supervised=seen.is_supervised)
        view = view_of(kept.listed, seen, spent.get(mission.id), known)
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
        return kept.row if kept.row == row else row


def _stamp(folder: str) -> _Stamp | None:
    try:
        found = os.stat(f"{folder}/mission.json")  # noqa: PTH116 - a Path costs more than the look
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _read(folder: Path) -> Listed | None:
    try:
        listed = Listed(read_mission(folder), load_workflow(folder))
    except (ScopecraftError, FileNotFoundError):
        return None
    is_moved = listed.mission.steps and listed.workflow is DIRECT and not folder.exists()
    return None if is_moved else listed
