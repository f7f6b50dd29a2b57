"""Carrying a mission on: what its workflow makes due is written down first, and begins then.

Whoever finds a step under way whose session nobody has recorded begins that session, under the id that was reserved for
it: so nothing is lost where somebody is killed in between, and nothing begins twice.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace

from scopecraft.errors import AlreadyRunning, LockHeld, NotFound, Refused, ScopecraftError, StateUnreadable, TurnLost
from scopecraft.missions.folder import changing, folder_of, save_mission
from scopecraft.missions.moves import StepEnd, begun, ended, gates_reopened
from scopecraft.missions.planner import due, running_steps
from scopecraft.missions.recipe import load_recipe, load_workflow
from scopecraft.model import clock
from scopecraft.model.event import Event
from scopecraft.model.ids import new_session_id
from scopecraft.model.mission import Mission
from scopecraft.model.session import Ended, Session, has_left_line, is_live
from scopecraft.model.workflow import Recipe, Step, Workflow
from scopecraft.sessions.context import Context
from scopecraft.sessions.request import Admission, StartRequest
from scopecraft.sessions.step_end import mission_ended
from scopecraft.sessions.step_session import request_of_step

# Begins, or puts in line, the session of a request that a step made; raises what a start raises.
Begin = Callable[[Context, StartRequest, Step], Session]


_PASSING = (AlreadyRunning, LockHeld, TurnLost)  # over when another session, or who is at it, is


@dataclass(frozen=True, slots=True)
class Carried:
    """`begun` are the sessions that were begun or put in line, `refusals` why others were not."""

    mission: Mission
    begun: tuple[Session, ...] = ()
    refusals: tuple[ScopecraftError, ...] = ()


def carry_on(context: Context, mission_id: str, begin: Begin | None = None) -> Carried:
    """Everything that is due of the mission. The same again changes nothing.

    Raises StateUnreadable where it cannot be read, StorageFailed. A step that cannot begin fails, with the reason; one
    for which it is only the wrong moment stays as it was.
    """
    mission, recipe = _plan(context, mission_id)
    started: list[Session] = []
    refusals: list[ScopecraftError] = []
    for step in running_steps(mission, recipe.workflow):
        state = mission.state(step.id)
        run_id = state.run_id if state else None
        if run_id is None or context.store.get(run_id) is not None:
            continue
        request = request_of_step(context, mission, recipe, step, run_id)
        try:
            started.append((begin or put_in_line)(context, request, step))
        except ScopecraftError as error:
            if context.store.get(run_id) is None:  # else somebody else has begun it, or it has its own record
                _not_begun(context, mission_id, run_id, error)
                refusals.append(error)
    if started or refusals:
        mission = _as_it_is(context, mission_id)
    return Carried(_frozen(context, mission), tuple(started), tuple(refusals))


def reconcile(context: Context, mission_id: str) -> None:
    """No step is under way for a session that has ended; nothing begins. Raises StateUnreadable, StorageFailed."""
    with changing(context.home, mission_id) as before:
        mission = _reconciled(context, before, clock.to_text(clock.now()))
        if mission != before:
            save_mission(context.home, mission)


def put_in_line(context: Context, request: StartRequest, step: Step) -> Session:
    """An autonomous session waits for its slot; a window opens at once."""
    if is_window(step):
        return open_window(context, request)
    from scopecraft.sessions.enqueueing import enqueue

    return enqueue(context, request).session


def is_window(step: Step) -> bool:
    return step.mode == "dispatch" and step.type == "agent"


def open_window(context: Context, request: StartRequest) -> Session:
    from scopecraft.sessions.window_start import start_window

    assert request.step is not None and request.step.run_id is not None
    return start_window(context, replace(request, admission=Admission(request.step.run_id)))


def _plan(context: Context, mission_id: str) -> tuple[Mission, Recipe]:
    """What is due is marked as under way, under an id of its own, before anything of it begins."""
    at = clock.to_text(clock.now())
    with changing(context.home, mission_id) as before:
        folder = folder_of(context.home, before)
        if not before.steps:
            return before, Recipe(load_workflow(folder))
        recipe = load_recipe(folder)
        mission = _reconciled(context, before, at)
        mission = _with_gates(context, mission, recipe.workflow, at)
        for step in due(mission, recipe.workflow):
            mission = begun(mission, recipe.workflow, step.id, new_session_id(clock.now()), at)
        if mission != before:
            save_mission(context.home, mission)
    return mission, recipe


def _reconciled(context: Context, mission: Mission, at: str) -> Mission:
    """A step whose session has ended without it: taken out of the line, or lost with a rebuilt database."""
    for state in mission.steps:
        session = context.store.get(state.run_id) if state.phase == "running" and state.run_id else None
        if session is None or is_live(session.status) or not isinstance(session.status, Ended):
            continue
        if has_left_line(session.status):
            workflow = load_workflow(folder_of(context.home, mission))
            mission = ended(mission, workflow, session.id, StepEnd("put down"), at)
            continue
        context.store.append(*mission_ended(context, mission, session, session.status.outcome, at))
        mission = _read_again(context, mission)
    return mission


def _read_again(context: Context, mission: Mission) -> Mission:
    from scopecraft.missions.folder import read_mission

    return read_mission(folder_of(context.home, mission))


def _with_gates(context: Context, mission: Mission, workflow: Workflow, at: str) -> Mission:
    """An approval is of what was there then."""
    if mission.is_frozen or not any(state.approval for state in mission.steps):
        return mission
    from scopecraft.sessions.gates import contents_changed

    changed = contents_changed(context, mission, workflow)
    reopened = gates_reopened(mission, workflow, changed, at)
    if reopened != mission:
        events = [
            Event(0, at, "gate_opened", mission.id, data={"step": step_id, "because": "what was approved has changed"})
            for step_id in sorted(changed)
        ]
        context.store.append(*events)
    return reopened


def _not_begun(context: Context, mission_id: str, run_id: str, error: ScopecraftError) -> None:
    """Whoever asked hears of a wrong moment; a failure is for everybody to see."""
    at = clock.to_text(clock.now())
    end = StepEnd("failed", error.message)
    if isinstance(error, Refused):
        end = StepEnd("not now" if isinstance(error, _PASSING) else "put down")
    with changing(context.home, mission_id) as mission:
        workflow = load_workflow(folder_of(context.home, mission))
        after = ended(mission, workflow, run_id, end, at)
        if after == mission:
            return
        save_mission(context.home, after)
    if end.end == "failed":
        context.store.append(Event(0, at, "step_failed", mission_id, data={"reason": error.message}))


def _frozen(context: Context, mission: Mission) -> Mission:
    """A mission that is complete is put with the complete ones."""
    if mission.status != "completed" or mission.is_frozen or not mission.steps:
        return mission
    from scopecraft.sessions.freezing import freeze

    freeze(context, mission.id)
    with suppress(StateUnreadable, NotFound):
        return _as_it_is(context, mission.id)
    return mission


def _as_it_is(context: Context, mission_id: str) -> Mission:
    with changing(context.home, mission_id) as mission:
        return mission
