"""What a mission has changed, on its branch and in its worktree, files that git does not track yet included."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel
from starlette.responses import Response

from scopecraft.api.answer import enveloped
from scopecraft.api.answer_models import Enveloped
from scopecraft.api.house import context_of
from scopecraft.api.mission_found import MissionId, mission_of
from scopecraft.errors import BadInput, NotFound
from scopecraft.sessions.mission_diff import mission_diff

if TYPE_CHECKING:
    from scopecraft.sessions.mission_diff import Part

router = APIRouter(tags=["changes"])
MOST_PATCH_BYTES = 8 * 1024**2
CUT = "\n… more was changed than is shown here: sc diff shows all of it\n"


class ChangedFile(BaseModel):
    path: str
    status: Literal["added", "modified", "deleted", "renamed", "copied", "type changed"]


class GitStatus(BaseModel):
    hasChanges: bool
    files: list[ChangedFile]
    summary: str


class GitDiff(BaseModel):
    diff: str


@router.get("/api/missions/{mission_id}/git-status", response_model=Enveloped[GitStatus])
def git_status(request: Request, mission_id: MissionId) -> Response:
    """The files that differ from where the mission's branch began."""
    with _changes(request, mission_id) as part:
        files = part.files if part is not None else ()
        rows = [{"path": change.path, "status": change.kind} for change in files]
        added = sum(change.additions or 0 for change in files)
        deleted = sum(change.deletions or 0 for change in files)
    return enveloped({"hasChanges": bool(rows), "files": rows, "summary": _summary(len(rows), added, deleted)})


@router.get("/api/missions/{mission_id}/git-diff", response_model=Enveloped[GitDiff])
def git_diff(request: Request, mission_id: MissionId) -> Response:
    """One patch of all that the mission has changed, up to 8 MiB of it."""
    with _changes(request, mission_id) as part:
        return enveloped({"diff": _patch(part)})


@router.get("/api/missions/{mission_id}/git-diff/{path:path}", response_model=Enveloped[GitDiff])
def git_diff_of(
    request: Request, mission_id: MissionId, path: Annotated[str, Path(examples=["src/login.py"])]
) -> Response:
    """The same of one file; empty where that has not changed."""
    with _changes(request, mission_id, path) as part:
        return enveloped({"diff": _patch(part)})


@contextmanager
def _changes(request: Request, mission_id: str, *paths: str) -> Iterator[Part | None]:
    """None for a mission whose first step has not begun: it has no branch yet."""
    context = context_of(request)
    mission = mission_of(context, mission_id)
    with ExitStack() as stack:
        try:
            diff = stack.enter_context(mission_diff(context, mission, [_literal(path) for path in paths]))
        except NotFound:
            if FilePath(mission.worktree).is_dir() or context.store.latest_begun_of(mission.id) is not None:
                raise
            yield None
        else:
            yield diff.whole()


def _literal(path: str) -> str:
    """For git, without what it would read into it. Raises BadInput for what leads out of the worktree."""
    if not path or "\0" in path or path.startswith("/") or ".." in path.split("/"):
        raise BadInput("path: no path within the worktree", "as git-status has it: src/login.py")
    return f":(literal){path}"


def _patch(part: Part | None) -> str:
    """As text: what is no UTF-8 is marked."""
    if part is None:
        return ""
    found = bytearray()
    with closing(part.patch(is_exact=False)) as pieces:
        for piece in pieces:
            found += piece
            if len(found) > MOST_PATCH_BYTES:
                return found[:MOST_PATCH_BYTES].decode("utf-8", "replace") + CUT
    return found.decode("utf-8", "replace")


def _summary(files: int, added: int, deleted: int) -> str:
    if not files:
        return "No changes"
    return f"{files} {'file' if files == 1 else 'files'} changed, {added} added, {deleted} deleted lines"
