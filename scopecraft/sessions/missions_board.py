"""All missions at a glance, however many: what was read is kept, and only files that have changed are read again.

A list of 10,000 costs a second the first time, and a twentieth of that from then on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from scopecraft.missions.kept_listing import KeptListing
from scopecraft.missions.listing import Listed
from scopecraft.missions.next_step import Known
from scopecraft.model.mission_words import NEEDS_PERSON, STAGES, Stage
from scopecraft.sessions.context import Context
from scopecraft.sessions.missions_seen import MissionView, Seen, cost_so_far, view_of

_ORDER = {stage: number for number, stage in enumerate(STAGES)}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list is narrowed to: each word of `text` is in what a row shows; `project:` and `status:` narrow that."""

    text: str = ""

    def fits(self) -> Callable[[MissionView], bool]:
        words = self.text.casefold().split()
        projects = [word.removeprefix("project:") for word in words if word.startswith("project:")]
        statuses = [word.removeprefix("status:") for word in words if word.startswith("status:")]
        anything = [word for word in words if not word.startswith(("project:", "status:"))]

        def fit(view: MissionView) -> bool:
            mission, following = view.mission, view.next
            stands = f"{following.stage} {following.words} {mission.status}".casefold()
            shown = f"{mission.id} {mission.title} {mission.slug} {mission.project} {mission.branch} ".casefold()
            shown += f"{mission.type} {following.step_name.casefold()} {stands}"
            return (
                all(name in mission.project.casefold() for name in projects)
                and all(word in stands for word in statuses)
                and all(word in shown for word in anything)
            )

        return fit


@dataclass(frozen=True, slots=True)
class Glance:
    """What fits, in the order of a list; `counts` by stage are of all, whatever fits."""

    under_way: Sequence[MissionView]
    complete: Sequence[MissionView]
    counts: Counter[Stage]
    damaged: Sequence[str]

    @property
    def needs_person(self) -> int:
        return sum(self.counts[stage] for stage in NEEDS_PERSON)

    @property
    def total(self) -> int:
        return sum(self.counts.values())


class Board:
    """For the threads of one process."""

    def __init__(self, missions: KeptListing) -> None:
        self._missions = missions
        self._known: Mapping[str, MissionView] = {}

    def look(self, seen: Seen, wanted: Wanted) -> Glance:
        """As it is now, without costs; `seen` is asked for first, since settling may change missions."""
        kept, damaged = self._read()
        views = [_now(view, seen) for view in kept]
        counts = Counter(view.next.stage for view in views)
        if wanted.text.strip():
            views = list(filter(wanted.fits(), views))
        views.sort(key=lambda view: view.mission.updated_at, reverse=True)
        views.sort(key=lambda view: _ORDER[view.next.stage])
        under_way = sum(view.next.stage != "complete" for view in views)
        return Glance(views[:under_way], views[under_way:], counts, damaged)

    def parts_of(self, mission_id: str, seen: Seen) -> list[MissionView]:
        """The missions that are parts of this one, the oldest first."""
        kept, _ = self._read()
        return sorted(
            (_now(view, seen) for view in kept if view.mission.parent == mission_id), key=lambda view: view.mission.id
        )

    def _read(self) -> tuple[list[MissionView], Sequence[str]]:
        """Each as it stands while nothing of it is alive. Threads at once do it twice, and come to the same."""
        kept = self._missions.look()
        known, found = self._known, dict[str, MissionView]()
        for folder, listed in (*kept.active.items(), *kept.complete.items()):
            view = known.get(folder)
            is_same = view is not None and view.mission is listed.mission
            found[folder] = view if view is not None and is_same else _alone(listed)
        self._known = found
        return list(found.values()), kept.damaged


def with_costs(context: Context, views: Sequence[MissionView], seen: Seen) -> list[MissionView]:
    """The same with what they have cost so far."""
    spent = context.store.costs_of([view.mission.id for view in views])
    return [replace(view, cost_usd=cost_so_far(spent.get(view.mission.id), view.live, seen)) for view in views]


def _alone(listed: Listed) -> MissionView:
    """As it stands while nothing of it is alive."""
    return view_of(listed, Seen({}, {}, {}, is_supervised=True), None, Known(task=listed.mission.id))


def _now(view: MissionView, seen: Seen) -> MissionView:
    live = seen.live.get(view.mission.id)
    if not live:
        return view
    known = Known(live, seen.places, is_supervised=seen.is_supervised, task=view.mission.id)
    return view_of(Listed(view.mission, view.workflow), seen, None, known)
