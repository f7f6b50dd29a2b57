"""`/api/missions/{id}/artifacts/{name}`: a person's own text in the place of an artifact."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from scopecraft.api.answer import enveloped
from scopecraft.api.answer_models import Enveloped
from scopecraft.api.house import context_of
from scopecraft.api.mission_found import MissionId, mission_of
from scopecraft.api.slow import slow
from scopecraft.sessions.artifact_changes import Expected, put_artifact
from scopecraft.sessions.person import person_name
from scopecraft.supervisor.asking import ask_to_carry_on

router = APIRouter(tags=["artifacts"])


class ArtifactText(BaseModel):
    content: str
    expected: str | None = Field(
        default=None,
        description="the SHA-256 of what this was made from, null for a new one; else nobody looks",
    )


@router.put("/api/missions/{mission_id}/artifacts/{filename:path}", response_model=Enveloped[None])
@slow
def put(
    request: Request,
    mission_id: MissionId,
    filename: Annotated[str, Path(examples=["implementation-plan.md"])],
    body: ArtifactText,
) -> Response:
    """Put a text in the place of an artifact, or make it. What was there is kept as a version.

    A gate that approved something else opens again. Refused while an agent is at work that writes or reads it.
    """
    context = context_of(request)
    mission = mission_of(context, mission_id)
    expected = Expected(body.expected) if "expected" in body.model_fields_set else None
    change = put_artifact(context, mission, filename, body.content.encode(), person_name(context), expected)
    if change.is_new and change.mission.steps:
        ask_to_carry_on(context, mission.id)
    return enveloped(None)
