"""Missions that stand at a gate, made without an agent: what one would have left is written by the test."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from scopecraft.missions.folder import changing, create_mission, folder_of, read_mission, save_mission
from scopecraft.missions.moves import StepEnd, begun, ended
from scopecraft.missions.planner import with_steps
from scopecraft.missions.recipe import load_workflow
from scopecraft.model import clock
from scopecraft.model.ids import new_mission_id, new_session_id
from scopecraft.model.mission import Mission
from scopecraft.model.workflow import RAW_INPUT, Recipe, Step, Workflow
from scopecraft.sessions.context import Context
from scopecraft.sessions.mission_start import lock_reason
from scopecraft.worktrees.repository import open_repository
from scopecraft.worktrees.worktree import CreateRequest, create
from tests.support.missions import Desk
from tests.support.repos import git

PLANNED = Workflow(
    "planned",
    "Plan, build",
    (
        Step("plan", "Plan", "agent", workspace="document", inputs=(RAW_INPUT,), outputs=("plan.md",)),
        Step("review-plan", "Review plan", "human-gate", review="plan.md"),
        Step("build", "Build", "agent", inputs=("plan.md",), outputs=("result.md",)),
        Step("review-code", "Review code", "code-review"),
    ),
)


@dataclass(frozen=True, slots=True)
class Gated:
    """A mission of `PLANNED`, with a worktree."""

    desk: Desk
    id: str

    @property
    def context(self) -> Context:
        return Context.of(os.environ)

    @property
    def mission(self) -> Mission:
        with changing(self.desk.home, self.id) as mission:
            return mission

    @property
    def folder(self) -> Path:
        return folder_of(self.desk.home, self.mission)

    @property
    def worktree(self) -> Path:
        return Path(self.mission.worktree)

    def write(self, name: str, text: str) -> None:
        (self.folder / "artifacts" / name).write_text(text)

    def give(self, step_id: str) -> str:
        """The step to a session that nobody has begun: its id."""
        with changing(self.desk.home, self.id) as mission:
            workflow, at = load_workflow(folder_of(self.desk.home, mission)), clock.to_text(clock.now())
            run_id = new_session_id(clock.now())
            save_mission(self.desk.home, begun(mission, workflow, step_id, run_id, at))
        return run_id

    def do(self, step_id: str) -> None:
        """A session for the step begins and ends well."""
        with changing(self.desk.home, self.id) as mission:
            workflow, at = load_workflow(folder_of(self.desk.home, mission)), clock.to_text(clock.now())
            run_id = new_session_id(clock.now())
            mission = begun(mission, workflow, step_id, run_id, at)
            save_mission(self.desk.home, ended(mission, workflow, run_id, StepEnd("done"), at))

    def at_plan(self) -> Gated:
        self.write("plan.md", "the plan\n")
        self.do("plan")
        return self


def gated(desk: Desk, slug: str = "fix-login", workflow: Workflow = PLANNED) -> Gated:
    at = clock.to_text(datetime.now(UTC))
    base = git(desk.folder, "rev-parse", "HEAD")
    mission = Mission(
        id=new_mission_id(datetime.now(UTC)),
        title=slug,
        slug=slug,
        type="feature",
        workflow_id=workflow.id,
        current_step=0,
        status="ready",
        project="shop",
        branch=f"feature/{slug}",
        base=base,
        worktree=str(desk.home.worktrees / "shop" / slug),
        created_at=at,
        updated_at=at,
    )
    mission = with_steps(mission, workflow)
    folder = create_mission(desk.home, mission, "what to do\n", Recipe(workflow))
    create(open_repository(desk.folder), CreateRequest(Path(mission.worktree), mission.branch, base, lock_reason(slug)))
    assert read_mission(folder) == mission
    return Gated(desk, mission.id)
