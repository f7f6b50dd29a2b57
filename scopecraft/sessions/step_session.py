"""The request for the session that carries out a step of a mission's workflow."""

from __future__ import annotations

from pathlib import Path

from scopecraft.missions.folder import folder_of
from scopecraft.missions.planner import finished_outputs, workspace_of
from scopecraft.model.mission import Mission, StepState
from scopecraft.model.naming import slug_of
from scopecraft.model.workflow import Recipe, Step
from scopecraft.sessions.context import Context
from scopecraft.sessions.kept_artifacts import ARTIFACTS
from scopecraft.sessions.request import StartRequest, StepWork
from scopecraft.sessions.step_prompt import step_prompt


def request_of_step(context: Context, mission: Mission, recipe: Recipe, step: Step, run_id: str) -> StartRequest:
    """Never refused by the queue: its mission has begun."""
    role = recipe.roles.get(step.role or "")
    state = mission.state(step.id) or StepState(step.id)
    return StartRequest(
        task=mission.slug if slug_of(mission.title) else mission.title,
        prompt=step_prompt(mission, step, role, state, _artifacts_at(context, mission, step)),
        cwd=Path("/"),
        agent=step.dialect or (role.dialect if role else None),
        model=step.model or (role.model if role else None),
        effort=step.effort or (role.effort if role else None),
        timeout_seconds=step.timeout_seconds,
        project=mission.project,
        overrides=step.settings,
        is_new=False,
        step=StepWork(
            step_id=step.id,
            run_id=run_id,
            is_call=step.type == "llm",
            workspace=workspace_of(step),
            outputs=step.outputs,
            kept=tuple(name for name in finished_outputs(mission, recipe.workflow) if name not in step.outputs),
        ),
    )


def _artifacts_at(context: Context, mission: Mission, step: Step) -> str:
    """Where its agent finds the artifacts: one in a window works on the host."""
    if step.mode == "dispatch":
        return str(folder_of(context.home, mission) / "artifacts")
    return ARTIFACTS
