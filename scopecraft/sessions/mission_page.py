"""One mission in depth: its steps with their runs and decisions, its artifacts, and what happens next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scopecraft.errors import BadName, ScopecraftError
from scopecraft.missions.artifacts import Artifact, list_artifacts
from scopecraft.missions.finding import find_mission
from scopecraft.missions.listing import Listed, read_listed
from scopecraft.missions.moves import gates_reopened
from scopecraft.missions.next_step import Known
from scopecraft.missions.planner import open_gates, with_steps
from scopecraft.missions.versions import versions_of
from scopecraft.model.event import Event
from scopecraft.model.mission import Mission
from scopecraft.model.session import Session
from scopecraft.model.workflow import Workflow
from scopecraft.sessions.context import Context
from scopecraft.sessions.missions_seen import MissionView, Seen, view_of

if TYPE_CHECKING:
    from scopecraft.model.activity import Usage

_ABOUT_A_GATE = frozenset({"gate_opened", "gate_approved", "gate_rejected"})


@dataclass(frozen=True, slots=True)
class Run:
    """A session, and what it told of itself when it ended, by the journal."""

    session: Session
    used: Mapping[str, str | int | float | bool | None]

    @property
    def usage(self) -> Usage:
        from scopecraft.model.usage_words import usage_of

        return usage_of(self.used)


@dataclass(frozen=True, slots=True)
class Kept:
    """An artifact, and how many versions of it are kept."""

    artifact: Artifact
    versions: int


@dataclass(frozen=True, slots=True)
class MissionPage:
    """`runs` and `events` are in their order; `changed` the gates that wait again because of what has changed."""

    view: MissionView
    runs: tuple[Run, ...]
    events: tuple[Event, ...]
    artifacts: tuple[Kept, ...]
    changed: frozenset[str]
    parent: str = ""  # what the mission that it is a part of is called

    def runs_of(self, step_id: str) -> list[Run]:
        return [run for run in self.runs if run.session.step_id == step_id]

    def events_of(self, step_id: str, kinds: Iterable[str]) -> list[Event]:
        return [event for event in self.events if event.kind in kinds and event.data.get("step") == step_id]


def mission_page(context: Context, mission_id: str, seen: Seen) -> MissionPage:
    """As it is now; a gate whose content has changed waits again, whether or not anybody has noted that yet.

    `seen` comes first, since settling may change the mission. Raises StateUnreadable.
    """
    listed = read_listed(context.home, mission_id)
    mission, workflow = listed.mission, listed.workflow
    events = tuple(context.store.events(mission_id=mission.id))
    mission, changed = _with_gates(context, with_steps(mission, workflow), workflow, events)
    live = seen.live.get(mission.id, ())
    known = Known(live, seen.places, changed, seen.is_supervised, is_merged(mission, events))
    spent = context.store.costs_of([mission.id]).get(mission.id)
    return MissionPage(
        view=view_of(Listed(mission, workflow), seen, spent, known),
        runs=runs_of(context.store.sessions(mission_id=mission.id), events),
        events=events,
        artifacts=tuple(_kept(context, mission)),
        changed=changed,
        parent=_name_of(context, mission.parent) if mission.parent else "",
    )


def _name_of(context: Context, mission_id: str) -> str:
    """Its id, where it is not there any more, or cannot be read."""
    try:
        mission = find_mission(context.home, mission_id, None, partial=False)
    except ScopecraftError:
        return mission_id
    return mission.slug if mission else mission_id


def gates_changed(mission: Mission, workflow: Workflow, events: Sequence[Event]) -> frozenset[str]:
    """The gates that wait again because what was approved has changed, by the last word on each. Pure."""
    last: dict[object, Event] = {event.data.get("step"): event for event in events if event.kind in _ABOUT_A_GATE}
    waiting = (step.id for step in open_gates(mission, workflow))
    return frozenset(gate for gate in waiting if gate in last and _is_reopened(last[gate]))


def is_merged(mission: Mission, events: Sequence[Event]) -> bool:
    has_landed = mission.pull_request is not None and mission.pull_request.is_merged
    return has_landed or any(event.kind == "branch_merged" for event in events)


def _is_reopened(event: Event) -> bool:
    return event.kind == "gate_opened" and bool(event.data.get("because"))


def _with_gates(
    context: Context, mission: Mission, workflow: Workflow, events: Sequence[Event]
) -> tuple[Mission, frozenset[str]]:
    noted = gates_changed(mission, workflow, events)
    if mission.is_frozen or not any(state.approval for state in mission.steps):
        return mission, noted
    from scopecraft.sessions.gates import contents_changed

    try:
        changed = contents_changed(context, mission, workflow)
    except ScopecraftError:
        return mission, noted  # told by whatever moves it; the page shows what is written down
    return gates_reopened(mission, workflow, changed, mission.updated_at), noted | changed


def runs_of(sessions: Sequence[Session], events: Iterable[Event]) -> tuple[Run, ...]:
    """Of sessions with the newest first, as the store gives them: in the order in which they began."""
    used = {event.session_id: event.data for event in events if event.kind == "session_ended"}
    return tuple(Run(session, used.get(session.id, {})) for session in reversed(sessions))


def _kept(context: Context, mission: Mission) -> Iterable[Kept]:
    for artifact in list_artifacts(context.home, mission):
        try:
            versions = 0 if artifact.refusal else len(versions_of(context.home, mission, artifact.name))
        except BadName:
            versions = 0
        yield Kept(artifact, versions)
