"""A person's moves with a mission, each written down under its lock; what they let begin is for `carry_on`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from scopecraft.errors import NotFound, Refused
from scopecraft.missions.artifacts import open_artifact
from scopecraft.missions.finding import require_mission
from scopecraft.missions.folder import changing, folder_of, save_mission
from scopecraft.missions.moves import back, completed, gone_on, reopened, retried
from scopecraft.missions.planner import startable
from scopecraft.missions.recipe import load_workflow
from scopecraft.model import clock
from scopecraft.model.event import Event, EventKind
from scopecraft.model.mission import Mission
from scopecraft.model.session import Queued
from scopecraft.model.workflow import RAW_INPUT, Workflow
from scopecraft.sessions.carrying_on import reconcile
from scopecraft.sessions.context import Context
from scopecraft.sessions.stepped import stepped

Change = Callable[[Mission, Workflow, str], Mission]


def see_how_it_is(context: Context, mission_id: str) -> bool:
    """What ended unseen is settled. Whether a step was given to a session that nobody has begun: `carry_on` does that.

    Whoever marked the step may have been killed then, or be about to begin it.
    """
    for session in context.store.live_of(mission_id):
        if not isinstance(session.status, Queued):
            from scopecraft.sessions.settle import settle  # much to import, and seldom needed here

            settle(context, session.id)
    reconcile(context, mission_id)
    mission = require_mission(context.home, mission_id, None)
    given = [state.run_id for state in mission.steps if state.phase == "running" and state.run_id]
    return any(context.store.get(run_id) is None for run_id in given)


def go_on(context: Context, mission_id: str, by: str) -> Mission:
    """What may begin is wanted. Raises AlreadyRunning, and Refused where nothing may, or nothing is asked for yet."""

    def change(mission: Mission, workflow: Workflow, at: str) -> Mission:
        if mission.status == "draft":
            _refuse_empty(context, mission, workflow)
            mission = replace(mission, status="ready")
        return gone_on(mission, workflow, at)

    return _move(context, mission_id, change, "mission_moved", by=by, how="continue")


def try_again(context: Context, mission_id: str, by: str) -> Mission:
    return _move(context, mission_id, retried, "mission_moved", by=by, how="retry")


def go_back(context: Context, mission_id: str, step: str, by: str) -> Mission:
    """To a step by its id or its name."""

    def change(mission: Mission, workflow: Workflow, at: str) -> Mission:
        found = next((each.id for each in workflow.steps if step in (each.id, each.name)), step)
        return back(mission, workflow, found, at)

    return _move(context, mission_id, change, "mission_moved", by=by, how="back", step=step)


def complete(context: Context, mission_id: str, by: str) -> Mission:
    """One that is complete stays as it is."""
    return _move(context, mission_id, completed, "mission_completed", by=by)


def reopen(context: Context, mission_id: str, by: str) -> Mission:
    """Active again, from where it is frozen too."""
    from scopecraft.sessions.freezing import unfreeze

    at = clock.to_text(clock.now())

    def change(mission: Mission) -> Mission:
        workflow = load_workflow(folder_of(context.home, mission))
        return reopened(stepped(context, mission, workflow), workflow, at)

    mission = unfreeze(context, mission_id, change)
    context.store.append(Event(0, at, "mission_reopened", mission.id, data={"by": by}))
    return mission


def _move(context: Context, mission_id: str, change: Change, kind: EventKind, **data: str) -> Mission:
    with changing(context.home, mission_id) as found:
        workflow = load_workflow(folder_of(context.home, found))
        at = clock.to_text(clock.now())
        before = stepped(context, found, workflow)
        if found.is_frozen and kind != "mission_completed":
            raise Refused(f"{found.slug} is complete", f"take it up again: sc mission reopen {found.slug}")
        mission = change(before, workflow, at)
        if mission == before:
            return mission
        save_mission(context.home, mission)
        context.store.append(Event(0, at, kind, mission.id, data=data))
    return mission


def _refuse_empty(context: Context, mission: Mission, workflow: Workflow) -> None:
    """An agent without a word of what it is for would make something up."""
    if not any(RAW_INPUT in step.inputs for step in startable(mission, workflow)):
        return
    try:
        with open_artifact(context.home, mission, RAW_INPUT) as pieces:
            is_empty = not any(piece.strip() for piece in pieces)
    except NotFound:
        is_empty = True
    if is_empty:
        slug = mission.slug
        raise Refused(f"{slug} does not say yet what is to be done", f"write it: sc mission edit {slug} {RAW_INPUT}")
