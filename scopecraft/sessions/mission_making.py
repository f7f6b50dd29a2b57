"""A new mission as a value: its names, the branch that it works on, and where its worktree is to stand."""

from __future__ import annotations

import contextlib

from scopecraft.config.projects import Project
from scopecraft.errors import Refused
from scopecraft.model import clock
from scopecraft.model.ids import new_mission_id
from scopecraft.model.mission import Mission
from scopecraft.model.naming import check_title, slug_of
from scopecraft.model.workflow import DIRECT
from scopecraft.sessions.context import Context
from scopecraft.sessions.ground import Names, ground_of, owner_of, type_of
from scopecraft.sessions.request import StartRequest
from scopecraft.worktrees.lookup import Found
from scopecraft.worktrees.repository import Repository


def mission_to_be(
    context: Context, request: StartRequest, project: Project, repository: Repository, undo: contextlib.ExitStack
) -> tuple[Mission, Found | None]:
    """Of the workflow that `sc run` has, without ports yet; and its branch where that is there already.

    The caller holds the name. What is made for it, refs of a pull request, `undo` takes away again. Raises Refused
    where the branch is another mission's, and what its parts raise.
    """
    at = clock.now()
    reserved = request.admission.mission_id if request.admission else None
    mission_id = reserved or new_mission_id(at)
    task = check_title(request.task)
    slug = slug_of(task) or mission_id
    names = Names(mission_id, slug, type_of(request), context.settings.worktrees.branch_template)
    ground = ground_of(repository, request, names, undo)
    found = ground.found
    if found is not None:
        refuse_owned(context, project, found.branch)
    place = found.path if found and found.path else context.home.worktrees / project.name / slug
    mission = Mission(
        id=mission_id,
        title=request.title or task,
        slug=slug,
        type=names.type,
        workflow_id=DIRECT.id,
        current_step=0,
        status="ready",
        project=project.name,
        branch=ground.branch,
        base=ground.base,
        worktree=str(place),
        created_at=clock.to_text(at),
        updated_at=clock.to_text(at),
        pull_request=ground.pull_request,
        group=request.group,
    )
    return mission, found


def refuse_owned(context: Context, project: Project, branch: str) -> None:
    """Two missions never share a branch: what one of them commits would move under the other."""
    owner = owner_of(context, project.name, branch, lambda mission: mission.branch == branch)
    if owner is not None:
        raise Refused(
            f"the branch {branch} belongs to the mission {owner.slug}",
            f"work there: sc run {owner.slug}   or choose another task name",
        )
