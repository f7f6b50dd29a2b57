"""Missions as a person looks at them: how each stands, what it cost, and what happens next. Light to import."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from scopecraft.missions.listing import Listed, Listing
from scopecraft.missions.next_step import Known, NextStep, finished_count, next_step, step_marks
from scopecraft.model.mission import Mission
from scopecraft.model.mission_words import STAGES, StepMark
from scopecraft.model.session import Queued, Session, is_live
from scopecraft.model.workflow import Step, Workflow
from scopecraft.sessions.context import Context

LiveCosts = Callable[[], Mapping[str, float]]  # by session, of what works at the moment


@dataclass(frozen=True, slots=True)
class MissionView:
    """`cost_usd` is what its sessions told, None where none of them told any; `live` those that have not ended."""

    mission: Mission
    workflow: Workflow
    next: NextStep
    marks: tuple[tuple[Step, StepMark], ...]
    cost_usd: float | None = None
    live: tuple[Session, ...] = ()

    @property
    def finished(self) -> int:
        return finished_count(self.mission, self.workflow)


@dataclass(frozen=True, slots=True)
class Seen:
    """What lives in the home: by mission, with places in line, and what each session has cost so far."""

    live: Mapping[str, tuple[Session, ...]]
    places: Mapping[str, int]
    costs: Mapping[str, float]
    is_supervised: bool


def seen_now(context: Context, *, is_supervised: bool, costs: LiveCosts, mission_id: str | None = None) -> Seen:
    """Of all missions, or of one. Where no supervisor is up, what ended unseen is settled first."""
    live = context.store.live() if mission_id is None else context.store.live_of(mission_id)
    if not is_supervised and any(not isinstance(session.status, Queued) for session in live):
        from scopecraft.sessions.look import look_at_all  # asks the engine and tmux

        views = look_at_all(context, live)
        live = [view.session for view in views if is_live(view.session.status)]
    by_mission: dict[str, tuple[Session, ...]] = {}
    for session in live:
        by_mission[session.mission_id] = (*by_mission.get(session.mission_id, ()), session)
    is_queued = any(isinstance(session.status, Queued) for session in live)
    places = {item.session.id: item.place for item in context.store.line()} if is_queued else {}
    at_work = any(not isinstance(session.status, Queued) for session in live)
    return Seen(by_mission, places, costs() if at_work else {}, is_supervised)


def missions_seen(
    context: Context, seen: Seen, fits: Callable[[Mission], bool], *, completed: int = 0
) -> tuple[list[MissionView], list[str]]:
    """Those that fit, what needs a person first; of the complete ones the newest `completed`.

    Also a sentence for each that cannot be read. `seen` is asked for first, since settling may change their files.
    """
    listing = Listing.of(context.home)
    listed = [each for each in listing.active() if fits(each.mission)]
    listed += listing.completed(fits, completed)
    costs = context.store.costs_of([each.mission.id for each in listed])
    slugs = Counter(each.mission.slug for each in listed)
    views = [_view(each, seen, costs, is_alone=slugs[each.mission.slug] == 1) for each in listed]
    views.sort(key=lambda view: view.mission.updated_at, reverse=True)
    views.sort(key=lambda view: STAGES.index(view.next.stage))
    return views, listing.damaged


def _view(listed: Listed, seen: Seen, costs: Mapping[str, float], *, is_alone: bool) -> MissionView:
    mission = listed.mission
    live = seen.live.get(mission.id, ())
    known = Known(live, seen.places, is_supervised=seen.is_supervised, task="" if is_alone else mission.id)
    return view_of(listed, seen, costs.get(mission.id), known)


def view_of(listed: Listed, seen: Seen, spent: float | None, known: Known) -> MissionView:
    """`spent` by its ended sessions."""
    mission, workflow = listed.mission, listed.workflow
    live = seen.live.get(mission.id, ())
    return MissionView(
        mission,
        workflow,
        next_step(mission, workflow, known),
        tuple(step_marks(mission, workflow, live)),
        cost_so_far(spent, live, seen),
        live,
    )


def cost_so_far(spent: float | None, live: Iterable[Session], seen: Seen) -> float | None:
    """What ended sessions and those that live told together; None where none of them told any."""
    told = [spent, *(seen.costs.get(session.id) for session in live)]
    named = [cost for cost in told if cost is not None]
    return sum(named) if named else None
