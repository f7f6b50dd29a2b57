"""The forms in which section 1 of the HTTP contract answers, and in which all errors are told, for /openapi.json."""

from __future__ import annotations

from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, Field

T = TypeVar("T")


class Enveloped(BaseModel, Generic[T]):
    success: Literal[True]
    data: T
    error: None


class EnvelopedError(BaseModel):
    """What went wrong, and what to do about it."""

    success: Literal[False]
    data: None
    error: str
    hint: str = Field(description="what to do about it; empty where nothing can be said")


class PlainError(BaseModel):
    """What went wrong, and what to do about it."""

    message: str
    error: str = Field(description="the name of the status")
    statusCode: int
    hint: str = Field(description="what to do about it; empty where nothing can be said")


MissionType = Literal["feature", "fix", "bugfix", "hotfix", "enhance"]
MissionStatus = Literal[
    "draft",
    "ready",
    "waiting_human",
    "waiting_code_review",
    "running_code_agent",
    "running_root_llm",
    "failed",
    "completed",
]
Stage = Literal["asks", "gate", "failed", "idle", "ready", "stuck", "working", "starting", "queued", "complete"]


class MissionListItem(BaseModel):
    """`stage` says what the mission needs a person for, or how it goes on without one."""

    mission_id: str
    title: str
    type: MissionType
    status: MissionStatus
    current_step_name: str = Field(description="`Complete` after the last step")
    updated_at: str
    task: str
    project: str
    stage: Stage
    current_step: int
    step_count: int
    cost_usd: float | None


class MissionMeta(BaseModel):
    mission_id: str
    title: str
    type: MissionType
    workflow_id: str
    current_step: int
    status: MissionStatus
    created_at: str
    updated_at: str
    errors: list[str]
    last_error: str | None = None
    task: str
    project: str
    branch: str
    parent: str | None


class Refusal(BaseModel):
    message: str
    hint: str


class MissionMoved(MissionMeta):
    """`begun` are the sessions that this let begin; `refusals` say why others could not, which the move outlives."""

    begun: list[str]
    refusals: list[Refusal]


class QuickCommand(BaseModel):
    name: str
    command: str
    where: Literal["container", "host"]


class WorkflowStep(BaseModel):
    step_id: str
    name: str
    type: Literal["llm", "agent", "human-gate", "code-review"]
    mode: Literal["autonomous", "dispatch"] | None = None
    workspaceMode: Literal["document", "codegen"] | None = None
    agent: str | None = None
    inputArtifact: str | None = None
    inputArtifacts: list[str] | None = None
    outputArtifact: str | None = None
    outputArtifacts: list[str] | None = None
    reviewArtifact: str | None = None
    quickCommands: list[QuickCommand] | None = None
    needs: list[str] | None = None
    autostart: bool | None = None
    loop: dict[str, Any] | None = None
    prompt: str | None = None
    dialect: str | None = None
    model: str | None = None
    effort: str | None = None
    timeoutSeconds: int | None = None
    settings: list[str] | None = None


class Workflow(BaseModel):
    workflow_id: str
    name: str
    description: str
    source: Literal["shipped", "home", "project"]
    steps: list[WorkflowStep]


class StepRun(BaseModel):
    """A session that has begun: `run_id` is its id."""

    step_id: str
    run_id: str
    started_at: str | None
    finished_at: str | None = None
    exit_code: int | None = None
    container_id: str | None = None
    outcome: str | None = None
    attempt: int
    agent: str
    model: str | None
    state: str
    usage: dict[str, Any] | None


class MissionDetail(MissionListItem):
    created_at: str
    workflow_id: str
    branch: str
    parent: str | None
    errors: list[str]
    last_error: str | None = None
    workflow: Workflow
    artifacts: dict[str, str] = Field(description="contents by name, of those that are text of up to 1 MiB")
    runs: list[StepRun]
    current_log_tail: str | None = Field(
        default=None, description="of a run that has not ended; of one in line its place"
    )
    finished_steps: int
    needs_person: bool
    next: str
    commands: list[str]
    sessions: list[str]
    is_archived: bool
    artifact_files: list[dict[str, Any]]
    steps: list[dict[str, Any]]
    reopened_gates: list[str]
    decisions: list[dict[str, Any]]
    base: str
    worktree: str
