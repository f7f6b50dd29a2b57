"""`/api/workflows`: what a new mission can follow, the default first."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from scopecraft.api.answer import enveloped
from scopecraft.api.answer_models import Enveloped, Workflow
from scopecraft.api.house import context_of
from scopecraft.config.workflows import find_workflows
from scopecraft.errors import BadInput
from scopecraft.missions.recipe import workflow_dict
from scopecraft.sessions.asked_project import asked_project
from scopecraft.sessions.places import repository_of
from scopecraft.sessions.recipes import shelves

router = APIRouter(tags=["workflows"])


@router.get("/api/workflows", response_model=Enveloped[list[Workflow]])
def workflows(
    request: Request,
    project: Annotated[str | None, Query(description="As for a mission of this project.")] = None,
) -> Response:
    """Those that can be used; `sc workflow check` says what is wrong with the others."""
    context = context_of(request)
    try:
        repository = repository_of(asked_project(context, project))
    except BadInput:
        if project is not None:
            raise
        repository = None  # nobody has said for which: those of the home
    listing = find_workflows(shelves(context, repository), context.settings.missions.workflow)
    return enveloped([workflow_dict(entry.workflow) for entry in listing.entries if entry.workflow is not None])
