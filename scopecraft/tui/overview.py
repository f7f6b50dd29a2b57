"""What the dashboard knows of a home: missions, sessions and the queue, as they were seen last."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from scopecraft.missions.advance import VISIT_STEP
from scopecraft.missions.trash import removed_ids
from scopecraft.model.queue import Occupancy, QueueRules
from scopecraft.model.session import Queued, Session, is_live
from scopecraft.sessions.context import Context
from scopecraft.sessions.look import View, ended_view, look_at_all
from scopecraft.sessions.missions_seen import MissionView, Seen
from scopecraft.supervisor.watching import Activities, activities_of
from scopecraft.tui.mission_book import MissionBook

LATEST_ENDED = 50
# whom a person must see to first, as in `sc watch`
_ORDER = ("waiting", "unknown", "idle", "running", "starting", "queued", "ended")


@dataclass(frozen=True, slots=True)
class Overview:
    """`sessions` are all that live, what waits for a person first, and the latest that ended.

    `complaint`: why the latest look failed; what stands here is then from the one before.
    """

    missions: tuple[MissionView, ...] = ()
    sessions: tuple[View, ...] = ()
    seen: Seen = field(default_factory=lambda: Seen({}, {}, {}, is_supervised=True))
    rules: QueueRules = field(default_factory=QueueRules)
    occupancy: Occupancy = field(default_factory=lambda: Occupancy(0, 0, 0))
    activities: Activities = field(default_factory=dict)
    troubles: tuple[str, ...] = ()  # what went wrong with the state itself
    complaint: str = ""
    has_projects: bool = True

    @property
    def live(self) -> list[View]:
        return [view for view in self.sessions if view.word != "ended"]

    @property
    def waiting(self) -> list[View]:
        """In line, in their order."""
        return sorted((view for view in self.sessions if view.word == "queued"), key=lambda view: view.place)

    def mission(self, mission_id: str) -> MissionView | None:
        return next((view for view in self.missions if view.mission.id == mission_id), None)

    def session(self, session_id: str) -> View | None:
        return next((view for view in self.sessions if view.session.id == session_id), None)


def looks() -> Callable[[Context], Overview]:
    """A look for one thread, which keeps what need not be read again."""
    book = MissionBook()

    def look(context: Context) -> Overview:
        from scopecraft.config.projects import load_projects
        from scopecraft.supervisor.client import is_up

        is_supervised = is_up(context.home)
        views = look_at_all(context, context.store.live())  # first: settling changes the missions
        live = [view.session for view in views if is_live(view.session.status)]
        activities = activities_of(context.home) if live and is_supervised else {}
        seen = _seen(live, {view.session.id: view.place for view in views}, activities, is_supervised=is_supervised)
        missions = book.read(context, seen)
        return Overview(
            missions=missions,
            sessions=_sessions(context, views),
            seen=seen,
            rules=context.store.queue.rules(),
            occupancy=context.store.queue.occupancy(),
            activities=activities,
            troubles=(*context.store.notices, *book.damaged),
            has_projects=bool(missions) or bool(load_projects(context.home)),
        )

    return look


def complained(overview: Overview | None, why: str) -> Overview:
    return replace(overview or Overview(), complaint=why)


def _seen(live: Sequence[Session], places: dict[str, int], activities: Activities, *, is_supervised: bool) -> Seen:
    by_mission: dict[str, tuple[Session, ...]] = {}
    for session in live:
        by_mission[session.mission_id] = (*by_mission.get(session.mission_id, ()), session)
    costs = {key: each.get("cost_usd") for key, each in activities.items()}
    named = {key: float(cost) for key, cost in costs.items() if isinstance(cost, int | float)}
    waiting = {session.id: places[session.id] for session in live if isinstance(session.status, Queued)}
    return Seen(by_mission, waiting, named, is_supervised)


def _sessions(context: Context, views: Sequence[View]) -> tuple[View, ...]:
    hidden = removed_ids(context.home)
    there = {view.session.id for view in views}
    ended = context.store.sessions(status_kinds=("ended",), limit=LATEST_ENDED + len(there))
    shown = [*views, *(ended_view(session) for session in ended if session.id not in there)]
    fitting = [view for view in shown if view.session.mission_id not in hidden and not _is_past_visit(view)]
    return tuple(sorted(fitting, key=lambda view: (_ORDER.index(view.word), view.place)))


def _is_past_visit(view: View) -> bool:
    return view.session.step_id == VISIT_STEP and view.word == "ended"
