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
class _Kept:
    """What was read in a folder. `listed` is None for what cannot be read, which hides nothing else; and for a complete
    one whose row is made, since there may be thousands of them.
    """

    mission_id: str
    stamp: _Stamp | None
    listed: Listed | None
    row: Row | None = None


class MissionIndex:
    """For one thread at a time. `rows` are the newest first, and another tuple only where one of them is another."""

    def __init__(self, encode: Encode) -> None:
        self._halves = (_Half(encode, is_complete=False), _Half(encode, is_complete=True))
        self._living: frozenset[str] = frozenset()
        self._place: int | None = None  # in the journal
        self.rows: tuple[Row, ...] = ()

    def refresh(self, context: Context, seen: Seen) -> None:
        """`seen` is how everything in the home stands at this moment. Raises StateUnreadable, StorageFailed."""
        moved = self._moved(context, seen)
        changed = [half.refresh(context, seen, moved) for half in self._halves]
        if any(changed):
            active, complete = self._halves
            # while one is moved it may be found in both
            found = {row.mission_id: row for row in (*complete.rows, *active.rows)}
            self.rows = tuple(sorted(found.values(), key=lambda row: (row.updated_at, row.mission_id), reverse=True))

    def _moved(self, context: Context, seen: Seen) -> frozenset[str]:
        """The missions that may stand in another way than before."""
        store = context.store
        events = store.earlier_events(limit=1) if self._place is None else store.events(after=self._place)
        self._place = max((event.seq for event in events), default=self._place or 0)
        before, self._living = self._living, frozenset(seen.live)
        return before | self._living | {event.mission_id for event in events if event.mission_id}


class _Half:
    """The active missions, or those that are complete: these are looked at again only where something says so."""

    def __init__(self, encode: Encode, *, is_complete: bool) -> None:
        self._encode = encode
        self._is_complete = is_complete
        self._kept: dict[str, _Kept] = {}  # by folder
        self._names: list[tuple[str, str, str]] = []
        self._listed_ns = -1  # when the folder of folders had changed last as its names were read
        self.rows: tuple[Row, ...] = ()

    def refresh(self, context: Context, seen: Seen, moved: frozenset[str]) -> bool:
        """Whether one of the rows is another now."""
        is_same = not self._read_names(context)
        if is_same and self._is_complete and not any(each.mission_id in moved for each in self.rows):
            return False
        kept = {folder: self._as_it_is(folder, mission_id) for mission_id, _, folder in self._names}
        stale = {folder: each for folder, each in kept.items() if _is_stale(each, moved)}
        spent = context.store.costs_of([each.mission_id for each in stale.values()]) if stale else {}
        for folder, each in stale.items():
            listed = each.listed or _read(Path(folder))
            row = self._row(listed, each.row, seen, spent) if listed is not None else None
            kept[folder] = replace(each, listed=None if self._is_complete else listed, row=row)
        self._kept = kept
        before, self.rows = self.rows, tuple(each.row for each in kept.values() if each.row is not None)
        return self.rows != before

    def _read_names(self, context: Context) -> bool:
        """Whether they may be others than before."""
        place = context.home.missions_completed if self._is_complete else context.home.missions_active
        changed_ns = written_ns(place)
        if changed_ns == self._listed_ns:
            return False
        is_settled = time.time_ns() - changed_ns > SETTLED_NS
        self._names = names_by_id(context.home, completed=self._is_complete)
        self._listed_ns = changed_ns if is_settled else -1
        return True

    def _as_it_is(self, folder: str, mission_id: str) -> _Kept:
        """As it is known, or read anew where its file is another one."""
        known = self._kept.get(folder)
        if known is not None and self._is_complete:
            return known
        stamp = _stamp(folder)
        if known is not None and known.stamp == stamp:
            return known
        return _Kept(mission_id, stamp, _read(Path(folder)))

    def _row(self, listed: Listed, before: Row | None, seen: Seen, spent: Mapping[str, float]) -> Row:
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
        return before if before == row else row


def _is_stale(kept: _Kept, moved: frozenset[str]) -> bool:
    if kept.row is None:
        return kept.listed is not None
    return kept.mission_id in moved


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
