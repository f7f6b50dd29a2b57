"""`/api/system`: what is of the machine and not of a mission."""

from __future__ import annotations

from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.responses import Response

from scopecraft.api.answer import enveloped
from scopecraft.api.answer_models import Enveloped
from scopecraft.api.house import context_of
from scopecraft.api.slow import slow
from scopecraft.errors import EngineUnavailable
from scopecraft.sessions.container_cleanup import remove_orphan_containers

router = APIRouter(tags=["system"])


class CleanedUp(BaseModel):
    removed: int
    message: str


@router.delete("/api/system/cleanup-containers", response_model=Enveloped[CleanedUp])
@slow
def cleanup_containers(request: Request) -> Response:
    """Remove the containers of this home that belong to no session any more."""
    try:
        removed = remove_orphan_containers(context_of(request))
    except EngineUnavailable as error:
        raise EngineUnavailable("Docker is not available", f"{error.message}; {error.hint}") from error
    return enveloped({"removed": removed, "message": _said(removed)})


def _said(removed: int) -> str:
    if not removed:
        return "No containers to clean up"
    return f"Removed {removed} {'container' if removed == 1 else 'containers'}"
