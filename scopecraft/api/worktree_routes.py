"""`/api/worktrees`: where missions work on the disk, and what could go."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from scopecraft.api.answer import plain
from scopecraft.api.house import context_of
from scopecraft.api.slow import slow
from scopecraft.model import clock
from scopecraft.sessions.worktrees_seen import Asked, WorktreeView, worktrees_seen

router = APIRouter(prefix="/api/worktrees", tags=["worktrees"])


class Verdict(BaseModel):
    """What `sc prune` would say: whether the mission goes, and why, or what stands in the way."""

    goes: bool
    why: str
    obstacle: str | None


class WorktreeShape(BaseModel):
    path: str
    is_there: bool = Field(description="false before a mission's first session, and for a folder that was deleted")
    mission_id: str
    task: str
    title: str
    project: str
    branch: str
    status: str
    created_at: str
    updated_at: str
    age_seconds: int
    sessions: list[str] = Field(description="that live in it")
    changed_files: int | None = Field(description="not committed; null where it was not asked for, or cannot be told")
    size_bytes: int | None
    prune: Verdict | None
    trouble: str | None


class WorktreeList(BaseModel):
    worktrees: list[WorktreeShape]
    problems: list[str]


@router.get("", response_model=WorktreeList)
@slow
def worktrees(
    request: Request,
    project: Annotated[str | None, Query(max_length=200)] = None,
    state: Annotated[bool, Query(description="with uncommitted files, and what prune would say: asks git")] = False,
    size: Annotated[bool, Query(description="with the size of the files: walks through all of them")] = False,
) -> Response:
    """Of missions that are not complete, the newest first."""
    views, problems = worktrees_seen(context_of(request), project, Asked(state=state, size=size))
    return plain({"worktrees": [_shown(view) for view in views], "problems": problems})


def _shown(view: WorktreeView) -> dict[str, Any]:
    mission, finished = view.mission, view.finished
    age = clock.now() - clock.from_text(mission.created_at)
    verdict = None
    if finished is not None:
        verdict = {"goes": finished.is_proposed, "why": finished.why, "obstacle": finished.obstacle or None}
    return {
        "path": mission.worktree,
        "is_there": view.is_there,
        "mission_id": mission.id,
        "task": mission.slug,
        "title": mission.title,
        "project": mission.project,
        "branch": mission.branch,
        "status": mission.status,
        "created_at": mission.created_at,
        "updated_at": mission.updated_at,
        "age_seconds": max(0, int(age.total_seconds())),
        "sessions": [session.id for session in view.live],
        "changed_files": view.changed,
        "size_bytes": view.size_bytes,
        "prune": verdict,
        "trouble": view.trouble or None,
    }
