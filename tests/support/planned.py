"""Workflows and missions as values, for the rules that they move by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from scopecraft.model.mission import Mission, StepPhase
from scopecraft.model.workflow import RAW_INPUT, Loop, Step, Workflow
from tests.support.sessions import a_mission_id

AT = "2026-03-01T10:00:00.000Z"

LINE = Workflow(
    "line",
    "One after the other",
    (
        Step("tidy", "Tidy up", "llm", inputs=(RAW_INPUT,), outputs=("text.md",)),
        Step("look", "Look", "human-gate", review="text.md"),
        Step("build", "Build", "agent", inputs=("text.md",), outputs=("result.json",)),
        Step("review", "Review", "code-review"),
    ),
)
# the build works on code, so nothing goes beside it; docs and facts write what nobody else of them reads
BRANCHED = Workflow(
    "branched",
    "Some at once",
    (
        Step("plan", "Plan", "llm", outputs=("plan.md",)),
        Step("docs", "Docs", "llm", inputs=("plan.md",), outputs=("docs.md",), needs=("plan",)),
        Step("facts", "Facts", "llm", inputs=("plan.md",), outputs=("facts.md",), needs=("plan",)),
        Step("build", "Build", "agent", inputs=("plan.md",), needs=("plan",)),
        Step("review", "Review", "code-review", needs=("docs", "facts", "build")),
    ),
)
LOOPED = Workflow(
    "looped",
    "Until it is good",
    (
        Step("build", "Build", "agent", outputs=("result.md",)),
        Step(
            "check",
            "Check",
            "agent",
            workspace="document",
            inputs=("result.md",),
            outputs=("verdict.json",),
            loop=Loop("verdict.json", ("changes",), to="build", at_most=2),
        ),
        Step("review", "Review", "code-review"),
    ),
)


def a_mission(workflow: Workflow) -> Mission:
    from scopecraft.missions.planner import with_steps

    mission = Mission(
        id=a_mission_id(),
        title="Fix the login",
        slug="fix-login",
        type="feature",
        workflow_id=workflow.id,
        current_step=0,
        status="ready",
        project="shop",
        branch="feature/fix-login",
        base="0" * 40,
        worktree="/w",
        created_at=AT,
        updated_at=AT,
    )
    return with_steps(mission, workflow)


def with_phases(mission: Mission, **phases: StepPhase) -> Mission:
    steps = (replace(state, phase=phases.get(state.step_id, state.phase)) for state in mission.steps)
    return replace(mission, steps=tuple(steps))


def phases(mission: Mission) -> dict[str, str]:
    return {state.step_id: state.phase for state in mission.steps}


def wanted(mission: Mission) -> list[str]:
    return [state.step_id for state in mission.steps if state.is_wanted]


def ids(steps: Sequence[Step]) -> list[str]:
    return [step.id for step in steps]
