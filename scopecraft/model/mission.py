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


@dataclass(frozen=True, slots=True)
class Mission:
    """`workflow_id` names a recipe, `current_step` is the index of its first unfinished step."""

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
