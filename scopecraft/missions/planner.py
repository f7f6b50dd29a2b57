"""What of a mission may begin, what waits for a person, and what its status is. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from scopecraft.model.mission import FINISHED_PHASES, Mission, MissionStatus, StepPhase, StepState
from scopecraft.model.session import WorkspaceMode
from scopecraft.model.workflow import Step, Workflow


def with_steps(mission: Mission, workflow: Workflow) -> Mission:
    """With a state for each step of the workflow; those of a mission that has none yet are told by where it stands."""
    if mission.steps:
        return mission
    phases: dict[int, StepPhase] = dict.fromkeys(range(mission.current_step), "done")
    if mission.current_step < len(workflow.steps) and mission.status == "failed":
        phases[mission.current_step] = "failed"
    states = (StepState(step.id, phases.get(number, "pending")) for number, step in enumerate(workflow.steps))
    return replace(mission, steps=tuple(states))


def is_finished(mission: Mission, step_id: str) -> bool:
    state = mission.state(step_id)
    return state is not None and state.phase in FINISHED_PHASES


def finished_outputs(mission: Mission, workflow: Workflow) -> tuple[str, ...]:
    """What finished steps have written, in the order of the workflow."""
    finished = (step for step in workflow.steps if is_finished(mission, step.id))
    return tuple(dict.fromkeys(name for step in finished for name in step.outputs))


def is_free(mission: Mission, workflow: Workflow, step: Step) -> bool:
    """Whether it is neither finished nor under way, and all that it needs is finished."""
    state = mission.state(step.id)
    if state is None or state.phase not in ("pending", "failed"):
        return False
    number = workflow.index(step.id)
    return number is not None and all(is_finished(mission, needed) for needed in workflow.needs_of(number))


def open_gates(mission: Mission, workflow: Workflow) -> list[Step]:
    """The gates that a person can pass now, in the order of the workflow."""
    return [step for step in workflow.steps if step.is_gate and is_free(mission, workflow, step)]


def running_steps(mission: Mission, workflow: Workflow) -> list[Step]:
    running = {state.step_id for state in mission.steps if state.phase == "running"}
    return [step for step in workflow.steps if step.id in running]


def startable(mission: Mission, workflow: Workflow) -> list[Step]:
    """The steps for agents and models that may begin now, all of them at once, in the order of the workflow."""
    beside = running_steps(mission, workflow)
    found = []
    for step in workflow.steps:
        if step.is_gate or not is_free(mission, workflow, step):
            continue
        if all(share_nothing(step, other) for other in beside):
            found.append(step)
            beside.append(step)
    return found


def due(mission: Mission, workflow: Workflow) -> list[Step]:
    """Of the startable ones those that begin without another word of a person.

    What a person put down, or took out of the line, waits for them, also where it began by itself.
    """
    found = []
    for step in startable(mission, workflow):
        state = mission.state(step.id)
        is_new = state is not None and state.phase == "pending" and state.run_id is None
        if state is not None and (state.is_wanted or (step.autostart and is_new)):
            found.append(step)
    return found


def share_nothing(one: Step, other: Step) -> bool:
    """Whether two steps may be under way at once: neither can change what the other works with."""
    if "codegen" in (workspace_of(one), workspace_of(other)):
        return False
    written, others = set(one.outputs), set(other.outputs)
    return not (written & (others | set(other.inputs)) or others & set(one.inputs))


def workspace_of(step: Step) -> WorkspaceMode:
    """A call of a model has no worktree at all."""
    return "document" if step.type == "llm" else step.workspace


def dependents(workflow: Workflow, step_id: str) -> set[str]:
    """The step, and all that directly or not need it."""
    found = {step_id}
    for _ in workflow.steps:
        found |= {step.id for number, step in enumerate(workflow.steps) if found & set(workflow.needs_of(number))}
    return found


def maker_of(workflow: Workflow, gate: Step) -> Step | None:
    """The step whose work the gate is about: the last before it that writes its artifact.

    Else, for a review of code, the last that works on code, else the last of an agent.
    """
    before = workflow.steps[: workflow.index(gate.id)]
    workers = [step for step in before if not step.is_gate]
    of_artifact = [step for step in workers if gate.review in step.outputs]
    of_code = [step for step in workers if gate.type == "code-review" and workspace_of(step) == "codegen"]
    chosen = of_artifact or of_code or workers
    return chosen[-1] if chosen else None


def told(mission: Mission, workflow: Workflow, at: str) -> Mission:
    """With `current_step` and `status` as its steps say."""
    return replace(
        mission, current_step=_first_unfinished(mission, workflow), status=_status(mission, workflow), updated_at=at
    )


def current_step(mission: Mission, workflow: Workflow) -> Step | None:
    """The step that the mission stands at; None after the last one."""
    return workflow.steps[mission.current_step] if mission.current_step < len(workflow.steps) else None


def _first_unfinished(mission: Mission, workflow: Workflow) -> int:
    unfinished = _unfinished(mission, workflow)
    return next(unfinished, len(workflow.steps))


def _unfinished(mission: Mission, workflow: Workflow) -> Iterator[int]:
    return (number for number, step in enumerate(workflow.steps) if not is_finished(mission, step.id))


def _status(mission: Mission, workflow: Workflow) -> MissionStatus:
    running = running_steps(mission, workflow)
    if running:
        return "running_root_llm" if all(step.type == "llm" for step in running) else "running_code_agent"
    if next(_unfinished(mission, workflow), None) is None:
        return "completed"
    if any(state.phase == "failed" for state in mission.steps):
        return "failed"
    gates = open_gates(mission, workflow)
    if gates and not due(mission, workflow):
        return "waiting_code_review" if gates[0].type == "code-review" else "waiting_human"
    is_untouched = all(state.phase == "pending" for state in mission.steps)
    return "draft" if mission.status == "draft" and is_untouched else "ready"
