"""All missions of a home, of which only those are read again that something happened to: ten thousand stay cheap."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field

from scopecraft.errors import StateUnreadable
from scopecraft.missions.listing import Listed, Listing, read_listed
from scopecraft.missions.next_step import Known
from scopecraft.model.mission_words import STAGES
from scopecraft.sessions.context import Context
from scopecraft.sessions.missions_seen import MissionView, Seen, view_of

MOST_COMPLETED = 50
READ_ALL_SECONDS = 30.0  # what a person did to the files tells nobody
_ALL_AT_ONCE = 500  # events since the last look; after more of them all is read
_RANK = {stage: rank for rank, stage in enumerate(STAGES)}


@dataclass
class MissionBook:
    """For one thread. `damaged` has a sentence for each mission that could not be read when all were."""

    damaged: tuple[str, ...] = ()
    has_completed: bool = False
    _listed: dict[str, Listed] = field(default_factory=dict)
    _views: dict[str, MissionView] = field(default_factory=dict)
    _twins: frozenset[str] = frozenset()  # slugs that several missions have
    _shown: tuple[MissionView, ...] = ()  # in their order
    _last: Seen | None = None
    _place: int = 0  # in the journal
    _read_at: float = 0.0

    def read(self, context: Context, seen: Seen, now: float | None = None) -> tuple[MissionView, ...]:
        """What needs a person first, the newest of each kind before the others; complete ones last, some of them."""
        now = time.monotonic() if now is None else now
        changed = self._changed(context)
        if changed is None or self._last is None or now - self._read_at > READ_ALL_SECONDS:
            self._read_at = now
            self._read_all(context)
            changed = set(self._listed)
        else:
            self._read_some(context, changed)
        if self._see(context, seen, changed) or changed:
            self._shown = tuple(sorted(self._views.values(), key=_order))
        self._last = seen
        return self._shown

    def _changed(self, context: Context) -> set[str] | None:
        """The missions that the journal has news of; None for too many of them."""
        if self._last is None:
            newest = context.store.earlier_events(limit=1)
            self._place = newest[0].seq if newest else 0
            return None
        events = context.store.events(after=self._place, limit=_ALL_AT_ONCE)
        self._place = events[-1].seq if events else self._place
        return None if len(events) == _ALL_AT_ONCE else {event.mission_id for event in events if event.mission_id}

    def _read_all(self, context: Context) -> None:
        listing = Listing.of(context.home)
        found = listing.active()
        done = listing.completed(lambda _: True, MOST_COMPLETED)
        self._listed = {each.mission.id: each for each in (*found, *done)}
        self.damaged, self.has_completed = tuple(listing.damaged), bool(done)
        self._views = {}

    def _read_some(self, context: Context, changed: Iterable[str]) -> None:
        for mission_id in changed:
            self._views.pop(mission_id, None)
            self._listed.pop(mission_id, None)
            with suppress(StateUnreadable):  # removed; or damaged, which the next reading of all tells
                self._listed[mission_id] = read_listed(context.home, mission_id)

    def _see(self, context: Context, seen: Seen, changed: set[str]) -> bool:
        """Views of what changed, and of all that lives or did so the last time; whether there are any."""
        last = self._last
        lives = set(seen.live) | (set(last.live) if last else set())
        if last is not None and last.is_supervised != seen.is_supervised:
            changed = set(self._listed)  # each says whether it goes on by itself
        twins = self._twins
        if changed:
            slugs = Counter(each.mission.slug for each in self._listed.values())
            twins = frozenset(slug for slug, count in slugs.items() if count > 1)
        if twins != self._twins:
            differ = twins ^ self._twins
            changed |= {key for key, each in self._listed.items() if each.mission.slug in differ}
            self._twins = twins
        due = [key for key in changed | lives if key in self._listed]
        costs = context.store.costs_of(due)
        for key in due:
            each = self._listed[key]
            task = key if each.mission.slug in twins else ""
            known = Known(seen.live.get(key, ()), seen.places, is_supervised=seen.is_supervised, task=task)
            self._views[key] = view_of(each, seen, costs.get(key), known)
        return bool(due)


def _order(view: MissionView) -> tuple[int, _Latest]:
    return _RANK[view.next.stage], _Latest(view.mission.updated_at)


class _Latest(str):
    """A time of which the later one comes first."""

    __slots__ = ()

    def __lt__(self, other: str) -> bool:
        return str.__gt__(self, other)
