"""A mission ready to work in: found or made, with its worktree, and with no other session alive."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from scopecraft.atomic import private_folder
from scopecraft.config.projects import Project
from scopecraft.errors import (
    BranchBusy,
    NotFound,
    RepositoryRefused,
    ScopecraftError,
    StorageFailed,
)
from scopecraft.missions.folder import create_mission
from scopecraft.model.mission import Mission
from scopecraft.model.naming import check_title
from scopecraft.model.text import clean_line
from scopecraft.sessions.context import Context
from scopecraft.sessions.mission_making import mission_to_be
from scopecraft.sessions.places import project_here
from scopecraft.sessions.ports import with_new_ports, with_ports
from scopecraft.sessions.present_mission import would_begin
from scopecraft.sessions.pull_request import take_in_news
from scopecraft.sessions.request import FromPullRequest, StartRequest
from scopecraft.sessions.task_lock import task_held
from scopecraft.worktrees.include import Included, copy_included
from scopecraft.worktrees.lookup import Found, find
from scopecraft.worktrees.repository import Repository, resolve_base
from scopecraft.worktrees.seeds import namespace
from scopecraft.worktrees.worktree import CreateRequest, create, lock, take_down, unlock


@dataclass(frozen=True, slots=True)
class ReadyMission:
    mission: Mission
    project: Project
    repository: Repository
    worktree: Path
    included: Included  # what .worktreeinclude brought in
    empty_submodules: tuple[str, ...] = ()  # of a new worktree


@contextlib.contextmanager
def mission_for(context: Context, request: StartRequest) -> Iterator[ReadyMission]:
    """The mission that the request names, held against a second start of the same name until the block ends.

    If the block fails before a session is recorded, what was made for it is gone again.
    """
    check_title(request.task)
    _require_space(context)
    project, repository = project_here(context, request.cwd, request.project)
    undo = contextlib.ExitStack()  # not entered: a Ctrl-C after the session came up must not take its worktree
    ready = None
    with task_held(context, project, repository, request) as task:
        try:
            mission = would_begin(context, replace(request, task=task), project, repository)
            if mission is None:
                ready = _new_mission(context, request, project, repository, undo)
            else:
                ready = _existing_mission(context, mission, project, repository, undo)
                if isinstance(request.start_from, FromPullRequest):
                    take_in_news(context, ready.mission, repository, request)
            ready = replace(ready, mission=with_ports(context, ready.mission))
            request.on_included(ready.included)
            _tell_empty(request, ready.empty_submodules)
            yield ready
        except BaseException:  # raised again: an interruption, too, leaves nothing half done
            if ready is None or not _is_begun(context, ready.mission):
                undo.close()
            raise


def _tell_empty(request: StartRequest, submodules: tuple[str, ...]) -> None:
    if submodules:
        named = ", ".join(clean_line(path, 80) for path in submodules[:5])
        request.on_note(f"submodules that the main checkout does not have are left empty: {named}")


def _require_space(context: Context) -> None:
    """A full disk would end the agent, and everybody else's with it, in the middle of something."""
    floor = context.settings.worktrees.free_floor
    disk = os.statvfs(context.home.root)
    free = disk.f_bavail * disk.f_frsize
    if free < floor:
        raise StorageFailed(
            f"{context.home.root} has {free // 1024**2} MiB of free space, and no session starts below"
            f" {floor // 1024**2} MiB",
            "free some space, or change worktrees.free_floor",
        )


def _is_begun(context: Context, mission: Mission) -> bool:
    """Whether a session of it is recorded; when nobody can tell, nothing of it may be removed."""
    try:
        return context.store.latest_begun_of(mission.id) is not None
    except ScopecraftError:
        return True


def _new_mission(
    context: Context, request: StartRequest, project: Project, repository: Repository, undo: contextlib.ExitStack
) -> ReadyMission:
    mission, found = mission_to_be(context, request, project, repository, undo)
    with with_new_ports(context, mission) as mission:
        folder = create_mission(context.home, mission, request.prompt or "")
    undo.callback(shutil.rmtree, folder, ignore_errors=True)  # ours, and nobody has seen it: the name is held
    return _with_worktree(mission, project, repository, found, undo)


def _existing_mission(
    context: Context, mission: Mission, project: Project, repository: Repository, undo: contextlib.ExitStack
) -> ReadyMission:
    """With its worktree, made again from the branch where somebody deleted the folder."""
    found = find(repository, branch=mission.branch, slug=mission.slug)
    if found is None and context.store.latest_begun_of(mission.id) is not None:
        raise RepositoryRefused(
            f"the branch {mission.branch} of {mission.slug} is gone",
            f"make it again: git branch {mission.branch} {_last_commit(context, mission, repository)[:12]}",
        )
    ready = _with_worktree(mission, project, repository, found, undo)
    is_ours = ready.worktree.is_relative_to(context.home.worktrees)
    if found is not None and is_ours and context.store.latest_begun_of(mission.id) is None:
        # whoever made it may have been killed before these were copied
        return replace(ready, included=copy_included(repository, ready.worktree))
    return ready


def _last_commit(context: Context, mission: Mission, repository: Repository) -> str:
    """The newest commit of the mission that is still there."""
    taken = [event.data.get("tip") for event in context.store.events(mission_id=mission.id)]
    kept = f"{namespace(mission.id)}tip"  # work that found its branch gone
    for name in (kept, *(str(tip) for tip in reversed(taken) if tip)):
        with contextlib.suppress(NotFound):
            return resolve_base(repository, name).commit
    return mission.base


def _with_worktree(
    mission: Mission, project: Project, repository: Repository, found: Found | None, undo: contextlib.ExitStack
) -> ReadyMission:
    path = Path(mission.worktree)
    if found is not None and found.path is not None:
        if found.path != path.resolve():
            raise BranchBusy(
                f"the branch {mission.branch} is checked out in {found.path}, not in the mission's worktree",
                f"remove that worktree, or move it back to {path}",
            )
        if lock(repository, path, reason=lock_reason(mission.slug)):
            undo.callback(unlock, repository, path)
        return ReadyMission(mission, project, repository, path, Included())
    request = CreateRequest(
        path=path,
        branch=mission.branch,
        base_commit=found.head if found else _first_commit(mission),
        lock_reason=lock_reason(mission.slug),
        existing_branch=found is not None,
    )
    private_folder(path.parent)
    created = create(repository, request)
    undo.callback(take_down, repository, created)
    included = copy_included(repository, path)
    return ReadyMission(mission, project, repository, path, included, created.empty_submodules)


def _first_commit(mission: Mission) -> str:
    return mission.pull_request.head if mission.pull_request else mission.base


def lock_reason(slug: str) -> str:
    return f"scopecraft mission {slug}"
