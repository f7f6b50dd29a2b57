"""All missions of a home, kept in memory between looks: what has not changed is not read again.

A mission that is under way is read again when its file is another one. One that is complete is frozen, so its name is
enough: thousands of them cost one look at the time of their folder.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from scopecraft.atomic import written_ns
from scopecraft.config.paths import Home
from scopecraft.missions.folder import names_by_id
from scopecraft.missions.listing import Listed, Listing

SETTLED_NS = 100_000_000  # a folder that was changed just now may change again without another time stamp
_Mark = tuple[int, int, int]  # of a file: a new content is a new one
_GONE = (0, 0, 0)


@dataclass(frozen=True, slots=True)
class KeptMissions:
    """By folder, the oldest first. A mission that was not read again is the same object as the last time, and so is a
    mapping in which all of them are. `damaged` has a sentence for each that cannot be read.
    """

    active: Mapping[str, Listed]
    complete: Mapping[str, Listed]
    damaged: tuple[str, ...] = ()


class KeptListing:
    """For all threads of a process."""

    def __init__(self, home: Home) -> None:
        self._active, self._complete = _Half(home, is_complete=False), _Half(home, is_complete=True)
        self._lock = threading.Lock()

    def look(self) -> KeptMissions:
        """As they are now; one that is moved this moment may stand in both."""
        with self._lock:
            for half in (self._active, self._complete):
                half.look()
            damaged = (*self._active.damaged, *self._complete.damaged)
            return KeptMissions(self._active.listed, self._complete.listed, damaged)


@dataclass
class _Half:
    _home: Home
    is_complete: bool
    listed: Mapping[str, Listed] = field(default_factory=dict)
    damaged: tuple[str, ...] = ()
    _marks: dict[str, _Mark] = field(default_factory=dict)
    _names: list[tuple[str, str, str]] = field(default_factory=list)
    _listed_ns: int = -1  # when the folder of folders had changed last as its names were read

    def look(self) -> None:
        is_same = not self._read_names()
        if is_same and self.is_complete and not self.damaged:
            return
        listing = Listing.of(self._home)
        found = {name[2]: each for name in self._names if (each := self._as_it_is(listing, name)) is not None}
        self.damaged = tuple(listing.damaged)
        if len(found) != len(self.listed) or any(self.listed.get(folder) is not each for folder, each in found.items()):
            self.listed = found

    def _read_names(self) -> bool:
        """Whether they may be others than before."""
        changed_ns = written_ns(self._home.missions_completed if self.is_complete else self._home.missions_active)
        if changed_ns == self._listed_ns:
            return False
        is_settled = time.time_ns() - changed_ns > SETTLED_NS
        self._names = names_by_id(self._home, completed=self.is_complete)
        self._marks = {name[2]: self._marks.get(name[2], _GONE) for name in self._names}
        self._listed_ns = changed_ns if is_settled else -1
        return True

    def _as_it_is(self, listing: Listing, name: tuple[str, str, str]) -> Listed | None:
        """As it is known, or read anew where its file is another one; None for what cannot be read, or is gone."""
        folder = name[2]
        known = self.listed.get(folder)
        if known is not None and self.is_complete:
            return known
        mark = _mark_of(folder)
        if known is not None and self._marks[folder] == mark:
            return known
        self._marks[folder] = mark
        return next(listing.read([name]), None)


def _mark_of(folder: str) -> _Mark:
    try:
        found = os.stat(f"{folder}/mission.json")  # noqa: PTH116 - a Path for each would cost half as much again
    except OSError:
        return _GONE
    return (found.st_ino, found.st_mtime_ns, found.st_size)
