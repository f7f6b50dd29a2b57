"""`/api/missions/{id}/files`: a mission's artifacts, byte for byte, with their versions.

The HTTP contract has their contents within a mission, and puts them by `…/artifacts/{filename}`; this is what it lacks.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import chain
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response, StreamingResponse

from scopecraft.api.answer import enveloped, is_known
from scopecraft.api.answer_models import Enveloped
from scopecraft.api.house import context_of
from scopecraft.api.mission_found import MissionId, mission_of
from scopecraft.api.slow import slow
from scopecraft.missions.artifacts import open_artifact
from scopecraft.missions.versions import read_version, version_named, versions_of
from scopecraft.sessions.artifact_changes import Expected, put_artifact
from scopecraft.sessions.artifact_json import artifact_dict, version_dict
from scopecraft.sessions.artifacts_seen import artifacts_seen
from scopecraft.sessions.person import person_name
from scopecraft.supervisor.asking import ask_to_carry_on

router = APIRouter(tags=["files"])
BYTES = "application/octet-stream"
MOST_TAGGED = 1024**2  # bytes; a longer file is sent while it is read, and has no tag
_FILES = "/api/missions/{mission_id}/files"
_RAW: dict[int | str, dict[str, Any]] = {
    200: {"description": "Its bytes, never to be shown as they are.", "content": {BYTES: {}}}
}


ArtifactName = Annotated[str, Path(description="Of an artifact, '/' and all.", examples=["implementation-plan.md"])]
VersionNumber = Annotated[int, Path(ge=1, le=10**9, examples=[1])]


class ApprovalRow(BaseModel):
    by: str
    at: str
    sha256: str | None


class FileRow(BaseModel):
    """`refusal` says why it cannot be read, empty where it can; `by` is null where nobody knows who wrote it."""

    name: str
    size: int
    refusal: str
    by: str | None
    versions: int
    written_by: list[str] = Field(description="ids of steps, as the next two")
    read_by: list[str]
    reviewed_at: list[str]
    approval: ApprovalRow | None
    is_as_approved: bool


class VersionRow(BaseModel):
    """`run_id` is of the session that left it so, null where a person did."""

    number: int
    by: str
    at: str
    sha256: str
    size: int
    run_id: str | None


class Restoring(BaseModel):
    model_config = ConfigDict(extra="forbid")
    expected: str | None = Field(
        None, description="the SHA-256 of what is there now, null where nothing is; else nobody looks"
    )


@router.get(_FILES, response_model=Enveloped[list[FileRow]])
def files(request: Request, mission_id: MissionId) -> Response:
    """Every artifact: its size, who wrote what is there, its versions, what was approved."""
    context = context_of(request)
    mission = mission_of(context, mission_id)
    return enveloped([artifact_dict(seen) for seen in artifacts_seen(context, mission)])


@router.get(_FILES + "/{name:path}/versions", response_model=Enveloped[list[VersionRow]])
def versions(request: Request, mission_id: MissionId, name: ArtifactName) -> Response:
    """The oldest first."""
    context = context_of(request)
    mission = mission_of(context, mission_id)
    kept = versions_of(context.home, mission, name)
    if not kept:
        with open_artifact(context.home, mission, name):  # which says what is wrong where there is none
            pass
    return enveloped([version_dict(version) for version in kept])


@router.get(_FILES + "/{name:path}/versions/{number}", responses=_RAW, response_class=Response)
def version(request: Request, mission_id: MissionId, name: ArtifactName, number: VersionNumber) -> Response:
    context = context_of(request)
    mission = mission_of(context, mission_id)
    found = version_named(context.home, mission, name, number)
    with ExitStack() as stack:
        pieces = stack.enter_context(read_version(context.home, mission, found))
        return _raw(request, name, pieces, stack)


@router.post(_FILES + "/{name:path}/versions/{number}/restore", response_model=Enveloped[VersionRow])
@slow
def restore(
    request: Request, mission_id: MissionId, name: ArtifactName, number: VersionNumber, asked: Restoring
) -> Response:
    """Put a version in the artifact's place again; what is there now is kept as a version. Answers with the newest."""
    context = context_of(request)
    mission = mission_of(context, mission_id)
    found = version_named(context.home, mission, name, number)
    expected = Expected(asked.expected) if "expected" in asked.model_fields_set else None
    with read_version(context.home, mission, found) as pieces:
        change = put_artifact(context, mission, name, pieces, person_name(context), expected)
    if change.is_new and change.mission.steps:
        ask_to_carry_on(context, mission.id)
    return enveloped(version_dict(change.version))


@router.get(_FILES + "/{name:path}", responses=_RAW, response_class=Response)
def content(request: Request, mission_id: MissionId, name: ArtifactName) -> Response:
    """As it is now. The tag is the SHA-256 of what is sent, of anything up to 1 MiB."""
    context = context_of(request)
    mission = mission_of(context, mission_id)
    with ExitStack() as stack:
        pieces = stack.enter_context(open_artifact(context.home, mission, name))
        return _raw(request, name, pieces, stack)


def _raw(request: Request, name: ArtifactName, pieces: Iterator[bytes], held: ExitStack) -> Response:
    """Whatever a browser makes of it: a download, of no kind."""
    headers = {
        "content-disposition": f"attachment; filename*=UTF-8''{quote(name.rpartition('/')[2], safe='')}",
        "cache-control": "private, no-cache",
    }
    begun = b""
    for piece in pieces:
        begun += piece
        if len(begun) > MOST_TAGGED:
            rest = _sent(chain((begun,), pieces), held.pop_all())
            return StreamingResponse(rest, media_type=BYTES, headers=headers)
    headers["etag"] = f'"{hashlib.sha256(begun).hexdigest()}"'
    if is_known(request, headers["etag"]):
        return Response(status_code=304, headers=headers)
    return Response(begun, media_type=BYTES, headers=headers)


def _sent(pieces: Iterator[bytes], held: ExitStack) -> Iterator[bytes]:
    with held:
        yield from pieces
