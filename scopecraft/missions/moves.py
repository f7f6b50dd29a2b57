"""How a mission moves through its workflow. Pure: each move takes the mission as it is, and returns it as it is then.

A move that does not fit any more raises, with a sentence for whoever came second; nothing was changed then.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from scopecraft.errors import AlreadyRunning, NotFound, Overtaken, Refused
from scopecraft.missions.planner import (
    dependents,
    is_free,
    maker_of,
    open_gates,
    running_steps,
    startable,
    told,
)
from scopecraft.model.mission import FINISHED_PHASES, Approval, Mission, StepState
from scopecraft.model.mission_words import STATUS_WORDS
from scopecraft.model.workflow import Step, Workflow

End = Literal["done", "failed", "put down", "not now"]


@dataclass(frozen=True, slots=True)
class StepEnd:
    """How a step's session came out. `put down`: by the person who worked with it, which is no failure. `not now`: it
    did not begin, since another one lives, and is to begin after that.

    `verdict` is the word that the step's loop looks at.
    """

    end: End
    reason: str = ""
    verdict: str | None = None


def begun(mission: Mission, workflow: Workflow, step_id: str, run_id: str, at: str) -> Mission:
    """The session works at the step; one that was finished stays so. The same again changes nothing."""
    state = _state(mission, step_id)
    if state.run_id == run_id and state.phase == "running":
        return mission
    phase = state.phase if state.phase in FINISHED_PHASES else "running"
    return told(_with(mission, replace(state, phase=phase, run_id=run_id, is_wanted=False)), workflow, at)


def ended(mission: Mission, workflow: Workflow, run_id: str, end: StepEnd, at: str) -> Mission:
    """What the end of a session means for the step that it carried out; nothing, for any other session."""
    state = next((state for state in mission.steps if state.run_id == run_id and state.phase == "running"), None)
    step = workflow.step(state.step_id) if state else None
    if state is None or step is None:
        return mission
    if end.end in ("put down", "not now"):
        waits = replace(state, phase="pending", is_wanted=end.end == "not now")
        return told(_with(mission, waits), workflow, at)
    if end.end == "failed":
        return _failed(mission, workflow, state, end.reason, at)
    if step.loop is not None and end.verdict in step.loop.when:
        return _looped(mission, workflow, step, str(end.verdict), at)
    return told(_with(mission, replace(state, phase="done")), workflow, at)


def gone_on(mission: Mission, workflow: Workflow, at: str) -> Mission:
    """The steps that may begin are wanted. Raises AlreadyRunning, and Refused where there is none."""
    free = startable(mission, workflow)
    if free:
        wanted = [replace(_state(mission, step.id), is_wanted=True) for step in free]
        return told(_with(mission, *wanted), workflow, at)
    running = running_steps(mission, workflow)
    if running:
        raise AlreadyRunning(
            f"{mission.slug} is at work: {_names(running)}",
            f"watch it: sc mission watch {mission.slug}   or end it: sc stop {mission.slug}",
        )
    gates = open_gates(mission, workflow)
    if gates:
        raise Refused(
            f"{mission.slug} waits for a person: {_names(gates)}",
            f"sc mission approve {mission.slug}   or: sc mission reject {mission.slug} -m WHY",
        )
    raise Refused(f"{mission.slug} is complete", f"go on with it: sc mission reopen {mission.slug}")


def approved(mission: Mission, workflow: Workflow, gate_id: str, approval: Approval, at: str) -> Mission:
    """The gate is passed, and what it held up is wanted. Raises Overtaken where it does not wait any more."""
    gate = _open_gate(mission, workflow, gate_id)
    after = _with(mission, replace(_state(mission, gate.id), phase="done", approval=approval))
    freed = [
        replace(_state(after, step.id), is_wanted=True)
        for number, step in enumerate(workflow.steps)
        if not step.is_gate and gate.id in workflow.needs_of(number) and is_free(after, workflow, step)
    ]
    return told(_with(after, *freed), workflow, at)


def rejected(mission: Mission, workflow: Workflow, gate_id: str, why: str, at: str) -> Mission:
    """The step that the gate is about begins again, with the reason. Raises Overtaken, and Refused without such one."""
    gate = _open_gate(mission, workflow, gate_id)
    maker = maker_of(workflow, gate)
    if maker is None:
        raise Refused(f"no step comes before {gate.name}", f"edit it: sc mission edit {mission.slug}")
    return _sent_back(mission, workflow, _Way(maker.id, why, is_wanted=True), at)


def back(mission: Mission, workflow: Workflow, step_id: str, at: str) -> Mission:
    """It stands at that step again, and all that needs it is to be done again. Raises NotFound and AlreadyRunning."""
    if workflow.step(step_id) is None:
        raise NotFound(
            f"the workflow of {mission.slug} has no step {step_id!r}",
            f"it has: {', '.join(step.id for step in workflow.steps)}",
        )
    return _sent_back(mission, workflow, _Way(step_id), at)


def retried(mission: Mission, workflow: Workflow, at: str) -> Mission:
    """The steps that failed are wanted. Raises Refused where none has, AlreadyRunning where one is at work."""
    failed = [state for state in mission.steps if state.phase == "failed"]
    running = running_steps(mission, workflow)
    if running and not failed:
        raise AlreadyRunning(
            f"{mission.slug} is at work: {_names(running)}", f"watch it: sc mission watch {mission.slug}"
        )
    if not failed:
        raise Refused(
            f"no step of {mission.slug} has failed",
            f"go on: sc mission continue {mission.slug}   go back: sc mission back {mission.slug} STEP",
        )
    return told(_with(mission, *(replace(state, is_wanted=True) for state in failed)), workflow, at)


def completed(mission: Mission, workflow: Workflow, at: str) -> Mission:
    """All that is left is skipped. Raises AlreadyRunning; one that is complete stays as it is."""
    running = running_steps(mission, workflow)
    if running:
        raise AlreadyRunning(f"{mission.slug} is at work: {_names(running)}", f"end it: sc stop {mission.slug}")
    left = [replace(s, phase="skipped", is_wanted=False) for s in mission.steps if s.phase not in FINISHED_PHASES]
    return told(_with(mission, *left), workflow, at) if left else mission


def reopened(mission: Mission, workflow: Workflow, at: str) -> Mission:
    """What was skipped is to be done, else the last gate waits again. Raises Refused for one that is not complete."""
    if mission.status != "completed":
        raise Refused(
            f"{mission.slug} is not complete: {STATUS_WORDS[mission.status]}", f"see it: sc mission show {mission.slug}"
        )
    skipped = [state for state in mission.steps if state.phase == "skipped"]
    again = skipped or [_state(mission, step.id) for step in workflow.steps if step.is_gate][-1:] or mission.steps[-1:]
    fresh = [replace(state, phase="pending", approval=None) for state in again]
    return told(_with(mission, *fresh), workflow, at)


def gates_reopened(mission: Mission, workflow: Workflow, changed: set[str], at: str) -> Mission:
    """The gates of these ids, whose approval does not fit any more what is there, wait again."""
    states = [state for state in mission.steps if state.step_id in changed and state.phase == "done"]
    if not states:
        return mission
    fresh = [replace(state, phase="pending", approval=None) for state in states]
    return told(_with(mission, *fresh), workflow, at)


def _looped(mission: Mission, workflow: Workflow, step: Step, verdict: str, at: str) -> Mission:
    assert step.loop is not None
    state = _state(mission, step.id)
    if state.loops >= step.loop.at_most:
        times = "once" if state.loops == 1 else f"{state.loops} times"
        why = f"{step.id} says {verdict}, and sent the work back {times} already"
        return _failed(mission, workflow, state, why, at)
    beside = [each for each in running_steps(mission, workflow) if each.id != step.id]
    held = [each for each in beside if each.id in dependents(workflow, step.loop.to)]
    if held:  # what it builds on must not be done again under its feet
        why = f"{step.id} says {verdict}, while {_names(held)} is at work with what that is about"
        return _failed(mission, workflow, state, why, at)
    why = f"{step.id} says {verdict}: see {step.loop.artifact}"
    counted = _with(mission, replace(state, phase="done", loops=state.loops + 1))
    return _sent_back(counted, workflow, _Way(step.loop.to, why, is_wanted=True, is_verdict=True), at)


@dataclass(frozen=True, slots=True)
class _Way:
    """Back to a step: `feedback` is added to what that heard before; `is_verdict`: no person says so."""

    step_id: str
    feedback: str = ""
    is_wanted: bool = False
    is_verdict: bool = False


def _sent_back(mission: Mission, workflow: Workflow, way: _Way, at: str) -> Mission:
    """Where a person says so, and no verdict, verdicts may send back as often as at first."""
    again = dependents(workflow, way.step_id)
    running = [step for step in running_steps(mission, workflow) if step.id in again]
    if running:
        raise AlreadyRunning(f"{mission.slug} is at work: {_names(running)}", f"end it first: sc stop {mission.slug}")
    by_themselves = {step.id for step in workflow.steps if step.autostart}
    states = [
        replace(
            state,
            phase="pending",
            approval=None,
            is_wanted=state.step_id in by_themselves,
            loops=state.loops if way.is_verdict else 0,
        )
        for state in mission.steps
        if state.step_id in again
    ]
    moved = _with(mission, *states)
    state = _state(moved, way.step_id)
    heard = (*state.feedback, way.feedback) if way.feedback else state.feedback
    return told(_with(moved, replace(state, feedback=heard, is_wanted=way.is_wanted)), workflow, at)


def _failed(mission: Mission, workflow: Workflow, state: StepState, reason: str, at: str) -> Mission:
    failed = _with(mission, replace(state, phase="failed", is_wanted=False))
    return told(replace(failed, errors=(*failed.errors, reason)), workflow, at)


def _open_gate(mission: Mission, workflow: Workflow, gate_id: str) -> Step:
    gate = next((gate for gate in open_gates(mission, workflow) if gate.id == gate_id), None)
    if gate is None:
        raise Overtaken(
            f"{gate_id} of {mission.slug} does not wait any more", f"see how it is: sc mission show {mission.slug}"
        )
    return gate


def _state(mission: Mission, step_id: str) -> StepState:
    return mission.state(step_id) or StepState(step_id)


def _with(mission: Mission, *states: StepState) -> Mission:
    changed = {state.step_id: state for state in states}
    return replace(mission, steps=tuple(changed.get(state.step_id, state) for state in mission.steps))


def _names(steps: list[Step]) -> str:
    return ", ".join(step.name for step in steps)
