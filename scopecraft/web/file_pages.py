"""`/m/{id}/files`: what a mission's agents wrote, to be read, changed and compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from markupsafe import Markup
from starlette.responses import HTMLResponse

from scopecraft.api.house import context_of
from scopecraft.errors import BadName, NotFound
from scopecraft.missions.artifacts import Artifact
from scopecraft.missions.finding import require_mission
from scopecraft.missions.folder import folder_of
from scopecraft.missions.planner import open_gates, with_steps
from scopecraft.missions.recipe import load_workflow
from scopecraft.missions.versions import Version, agent_version, version_named
from scopecraft.model.mission import Mission
from scopecraft.model.naming import check_artifact_name
from scopecraft.model.text import clean_line
from scopecraft.model.workflow import RAW_INPUT
from scopecraft.sessions.artifacts_seen import ArtifactSeen, artifacts_seen
from scopecraft.sessions.context import Context
from scopecraft.web.markdown import rendered
from scopecraft.web.mission_shell import tab
from scopecraft.web.shown_file import ShownFile, shown_now, shown_version

router = APIRouter()
View = Literal["preview", "edit", "difference", "versions"]
Number = Annotated[int | None, Query(ge=1, le=10**9)]


@dataclass(frozen=True, slots=True)
class OpenFile:
    """The artifact that is chosen, and the version of it that is shown: None for what is there now."""

    seen: ArtifactSeen
    shown: ShownFile
    version: Version | None
    href: str
    raw: str  # its bytes, at the API
    put: str  # where a person's change of it goes
    is_reviewed: bool

    @property
    def name(self) -> str:
        return self.seen.artifact.name

    @property
    def can_be_edited(self) -> bool:
        return self.shown.is_text and self.version is None

    @property
    def can_be_fetched(self) -> bool:
        return self.version is not None or self.shown.kind not in ("refused", "gone")

    @property
    def compared_from(self) -> int | None:
        """The version that the difference begins at by itself: what the agent left, else the oldest."""
        kept = self.seen.versions
        return (agent_version(kept) or kept[0]).number if kept else None


@router.get("/m/{mission_id}/files")
def files(request: Request, mission_id: str) -> HTMLResponse:
    return _page(request, mission_id, None, "preview", None)


@router.get("/m/{mission_id}/files/{name:path}")
def file(
    request: Request,
    mission_id: str,
    name: str,
    view: View = "preview",
    version: Number = None,
    before: Annotated[int | None, Query(alias="from", ge=1, le=10**9)] = None,
    after: Annotated[int | None, Query(alias="to", ge=0, le=10**9)] = None,
) -> HTMLResponse:
    """`to` 0 is what is there now."""
    check_artifact_name(name)
    return _page(request, mission_id, name, view, version, between=(before, after or None))


def _page(
    request: Request,
    mission_id: str,
    name: str | None,
    view: View,
    version: int | None,
    between: tuple[int | None, int | None] = (None, None),
) -> HTMLResponse:
    context = context_of(request)
    mission = require_mission(context.home, mission_id, None)
    seen = artifacts_seen(context, mission)
    reviewed = _reviewed(context, mission)
    chosen = _chosen(mission, seen, name, reviewed)
    opened = _opened(context, mission, chosen, version, reviewed) if chosen else None
    return tab(
        request,
        mission.id,
        "files",
        "parts/files.html",
        listed=seen,
        reviewed=reviewed,
        href_of=lambda artifact: href_of(mission, artifact),
        file=opened,
        file_view=view,
        between=(between[0] or (opened.compared_from if opened else None), between[1]),
        preview=_preview(mission, seen, opened) if opened and view == "preview" else None,
    )


def href_of(mission: Mission, artifact: Artifact) -> str | None:
    """Its page; None for one whose name no artifact may have."""
    try:
        check_artifact_name(artifact.name)
    except BadName:
        return None
    return f"/m/{mission.id}/files/{quote(artifact.name)}"


def _reviewed(context: Context, mission: Mission) -> tuple[str, ...]:
    """What waits for a person's word."""
    workflow = load_workflow(folder_of(context.home, mission))
    gates = open_gates(with_steps(mission, workflow), workflow)
    return tuple(gate.review for gate in gates if gate.review)


def _chosen(
    mission: Mission, seen: tuple[ArtifactSeen, ...], name: str | None, reviewed: tuple[str, ...]
) -> ArtifactSeen | None:
    if name is not None:
        found = next((each for each in seen if each.artifact.name == name), None)
        if found is None:
            raise NotFound(
                f"{mission.slug} has no artifact {clean_line(name, 200)}", f"see what there is: /m/{mission.id}/files"
            )
        return found
    return default_of(seen, reviewed)


def default_of(seen: tuple[ArtifactSeen, ...], reviewed: tuple[str, ...]) -> ArtifactSeen | None:
    """What waits for review, else the newest that a step wrote, else the request, else whatever can be read."""
    readable = [each for each in seen if not each.artifact.refusal]
    waiting = [each for each in readable if each.artifact.name in reviewed]
    outputs = sorted((each for each in readable if each.written_by), key=lambda each: -each.artifact.modified_at)
    request = [each for each in readable if each.artifact.name == RAW_INPUT]
    return next(iter((*waiting, *outputs, *request, *readable)), None)


def _opened(
    context: Context, mission: Mission, seen: ArtifactSeen, number: int | None, reviewed: tuple[str, ...]
) -> OpenFile:
    name = seen.artifact.name
    version = version_named(context.home, mission, name, number) if number else None
    shown = shown_version(context, mission, version) if version else shown_now(context, mission, seen.artifact)
    at = quote(name)
    return OpenFile(
        seen=seen,
        shown=shown,
        version=version,
        href=f"/m/{mission.id}/files/{at}",
        raw=f"/api/missions/{mission.id}/files/{at}",
        put=f"/api/missions/{mission.id}/artifacts/{at}",
        is_reviewed=name in reviewed,
    )


def _preview(mission: Mission, seen: tuple[ArtifactSeen, ...], opened: OpenFile) -> Markup | None:
    """Of markdown; links lead to the mission's other artifacts, as seen from this one."""
    if opened.shown.kind != "markdown":
        return None
    folder = opened.name.rpartition("/")[0]
    there = {each.artifact.name: each.artifact for each in seen if not each.artifact.refusal}

    def place_of(target: str) -> str | None:
        found = there.get(f"{folder}/{target}" if folder else target)
        return href_of(mission, found) if found else None

    return rendered(opened.shown.text, place_of)
