"""Missions that stand somewhere in a workflow, as their folders and the store hold it; no repository, no agent."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from scopecraft.config.paths import Home
from scopecraft.missions.folder import create_mission
from scopecraft.missions.planner import told, with_steps
from scopecraft.model.ids import new_mission_id
from scopecraft.model.mission import Mission, StepPhase
from scopecraft.model.session import Session
from scopecraft.model.workflow import Recipe, Step, Workflow
from scopecraft.state.store import Store
from tests.support.sessions import AT, LATER, a_session, ended

WORKFLOW = Workflow(
    "short",
    "Research and build",
    (
        Step("research", "Research", "agent", workspace="document", outputs=("research.md",)),
        Step("review", "Review research", "human-gate", review="research.md"),
        Step("build", "Build", "agent"),
        Step("look", "Review build", "code-review"),
    ),
)


def stand(home: Home, slug: str, *finished: str, phases: dict[str, StepPhase] | None = None, **changes: Any) -> Mission:
    """With these steps finished, and others as `phases` says; `changes` are to the mission itself."""
    mission = with_steps(a_mission(slug), WORKFLOW)
    marks: dict[str, StepPhase] = {**dict.fromkeys(finished, "done"), **(phases or {})}
    states = tuple(replace(state, phase=marks.get(state.step_id, "pending")) for state in mission.steps)
    mission = replace(told(replace(mission, steps=states), WORKFLOW, AT), **changes)
    create_mission(home, mission, "what to do\n", Recipe(WORKFLOW))
    return mission


def a_mission(slug: str) -> Mission:
    return Mission(
        id=new_mission_id(datetime.now(UTC)),
        title=slug.replace("-", " ").capitalize(),
        slug=slug,
        type="feature",
        workflow_id=WORKFLOW.id,
        current_step=0,
        status="ready",
        project="shop",
        branch=f"feature/{slug}",
        base="ab" * 20,
        worktree=f"/nowhere/{slug}",
        created_at=AT,
        updated_at=AT,
    )


def a_run(store: Store, mission: Mission, step_id: str, **changes: Any) -> Session:
    """A session of that step, which starts."""
    session = a_session(mission_id=mission.id, task=mission.slug, project=mission.project, step_id=step_id, **changes)
    return store.create(session, AT)


def an_ended_run(store: Store, mission: Mission, step_id: str, *, cost_usd: float | None = None) -> Session:
    session = a_run(store, mission, step_id)
    used = {"outcome": "completed", "input_tokens": 41_000, "output_tokens": 3_000, "cost_usd": cost_usd}
    moved = store.move(session.id, ended(), "session_ended", LATER, data=used)
    assert moved is not None
    return moved
