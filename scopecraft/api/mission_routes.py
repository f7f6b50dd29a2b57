"""`/api/missions`: missions are made, looked at and removed. Section 1 of the HTTP contract."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import AfterValidator, BaseModel, Field
from starlette.responses import Response

from scopecraft.api.answer import enveloped
from scopecraft.api.answer_models import Enveloped, MissionDetail, MissionMeta, MissionType
from scopecraft.api.house import context_of
from scopecraft.api.mission_found import MissionId, detail_of, mission_of
from scopecraft.api.slow import slow
from scopecraft.errors import BadInput, NotFound
from scopecraft.sessions.asked_project import asked_project
from scopecraft.sessions.mission_json import meta_dict
from scopecraft.sessions.new_mission import NewMission, create, title_without_paths

router = APIRouter(tags=["missions"])


def _said(problem: str) -> AfterValidator:
    def check(text: str) -> str:
        if not text.strip():
            raise ValueError(problem)
        return text

    return AfterValidator(check)


_NOT_EMPTY = Field(json_schema_extra={"minLength": 1})


class MissionAsked(BaseModel):
    """`title`, `type`, `rawInput` and `workflowId` are of the contract, the rest is ours."""

    title: Annotated[str, _said("Title is required"), _NOT_EMPTY]
    type: MissionType
    rawInput: Annotated[str, _said("Raw input is required"), _NOT_EMPTY]
    workflowId: str | None = Field(default=None, description="without it the default, the first of /api/workflows")
    project: str | None = Field(default=None, description="needed where several repositories are linked")
    parent: str | None = Field(default=None, description="the mission that it is a part of")
    base: str | None = Field(default=None, description="the commit or branch that its branch begins at")


@router.post("/api/missions", status_code=201, response_model=Enveloped[MissionMeta])
def make(request: Request, body: MissionAsked) -> Response:
    """Write down a mission. Nothing of it begins before it is continued."""
    context = context_of(request)
    project = asked_project(context, body.project)
    wanted = NewMission(
        title=title_without_paths(body.title),
        text=body.rawInput,
        cwd=context.home.root,
        type=body.type,
        workflow=body.workflowId or None,
        project=project.name,
        parent=body.parent or None,
        base=body.base or None,
    )
    try:
        return enveloped(meta_dict(create(context, wanted)), 201)
    except NotFound as error:  # of what the body names, not of the path
        raise BadInput(error.message, error.hint) from error


@router.get("/api/missions/{mission_id}", response_model=Enveloped[MissionDetail])
def show(request: Request, mission_id: MissionId) -> Response:
    """One mission in depth: its workflow, its artifacts, its runs."""
    return enveloped(detail_of(context_of(request), mission_id))


@router.delete("/api/missions/{mission_id}", response_model=Enveloped[None])
@slow
def remove(request: Request, mission_id: MissionId) -> Response:
    """Move a mission to the trash, with all of its work; `sc restore` brings it back. Refused while a session lives."""
    from scopecraft.sessions.emptying import sweep
    from scopecraft.sessions.removal import Wish, remove_mission, undo_interrupted

    context = context_of(request)
    mission = mission_of(context, mission_id)
    undo_interrupted(context, mission)
    remove_mission(context, mission, Wish(keep_ignored=True))
    sweep(context)
    return enveloped(None)
