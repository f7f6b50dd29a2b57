"""A mission: one request being carried out, with one branch and one worktree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

MissionType = Literal["feature", "fix", "bugfix", "hotfix", "enhance"]
MISSION_TYPES: tuple[MissionType, ...] = get_args(MissionType)

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


@dataclass(frozen=True, slots=True)
class PullRequest:
    """Of the project's host, as it was when somebody last asked: `head` is its newest commit."""

    number: int
    head: str
    is_merged: bool = False


# running: given to a session, which may not be recorded yet. skipped: a person said that it is complete without it.
StepPhase = Literal["pending", "running", "done", "failed", "skipped"]
FINISHED_PHASES: frozenset[StepPhase] = frozenset({"done", "skipped"})


@dataclass(frozen=True, slots=True)
class Approval:
    """What a person approved: an artifact by the hash of its bytes, or a commit. Neither where a gate is about nothing.

    `host_files` are the paths among the changes that run on the person's machine, as they were shown.
    """

    by: str
    at: str
    artifact: str | None = None
    sha256: str | None = None
    commit: str | None = None
    host_files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StepState:
    """`run_id` is the session that carries it out, or did so last; it is reserved before that begins.

    `is_wanted`: it is to begin as soon as it may, since a person or a verdict said so. `feedback` are the reasons why
    it was sent back, oldest first; `loops` how often a verdict did so.
    """

    step_id: str
    phase: StepPhase = "pending"
    is_wanted: bool = False
    run_id: str | None = None
    feedback: tuple[str, ...] = ()
    approval: Approval | None = None
    loops: int = 0


@dataclass(frozen=True, slots=True)
class Mission:
    """`workflow_id` names a recipe, `current_step` is the index of its first unfinished step.

    `steps` are in the order of the workflow; none for a mission that `sc run` made and nobody has moved by hand yet.
    """

    id: str
    title: str
    slug: str
    type: MissionType
    workflow_id: str
    current_step: int
    status: MissionStatus
    project: str
    branch: str
    base: str  # the commit that the branch began at
    worktree: str  # absolute path
    created_at: str
    updated_at: str
    errors: tuple[str, ...] = ()
    pull_request: PullRequest | None = None
    group: str | None = None  # missions that carry out the same request share it
    port_base: int | None = None  # the first of the ports that it may use
    parent: str | None = None  # the mission that it is a part of
    steps: tuple[StepState, ...] = ()
    is_frozen: bool = False  # its folder stands in missions/completed; told by where it was read

    def state(self, step_id: str) -> StepState | None:
        for state in self.steps:  # in half the time of a generator: a list of missions asks thousands of times
            if state.step_id == step_id:
                return state
        return None
