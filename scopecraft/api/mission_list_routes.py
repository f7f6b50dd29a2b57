"""`GET /api/missions`, filtered and in pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, cast
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from scopecraft.api.answer import cached
from scopecraft.api.answer_models import Enveloped, MissionListItem, MissionStatus, Stage
from scopecraft.api.mission_list import PATH, MissionList, list_body
from scopecraft.sessions.mission_index import Row

router = APIRouter(tags=["missions"])


@dataclass(frozen=True, slots=True)
class Page:
    limit: int
    offset: int

    def links(self, request: Request, total: int) -> str:
        """The pages around this one, as a Link header has them."""
        said = [(name, value) for name, value in request.query_params.multi_items() if name not in ("limit", "offset")]
        places = {"first": 0, "last": max(0, (total - 1) // self.limit * self.limit)}
        if self.offset > 0:
            places["prev"] = max(0, self.offset - self.limit)
        if self.offset + self.limit < total:
            places["next"] = self.offset + self.limit
        return ", ".join(
            f'<{PATH}?{urlencode([*said, ("limit", self.limit), ("offset", place)])}>; rel="{name}"'
            for name, place in places.items()
        )


@dataclass(frozen=True, slots=True)
class Filter:
    statuses: frozenset[str]
    stages: frozenset[str]
    project: str | None
    text: str

    def fits(self, row: Row) -> bool:
        return (
            (not self.statuses or row.status in self.statuses)
            and (not self.stages or row.stage in self.stages)
            and self.project in (None, row.project)
            and (not self.text or any(self.text in each.casefold() for each in (row.title, row.task, row.mission_id)))
        )


@router.get(
    PATH,
    response_model=Enveloped[list[MissionListItem]],
    responses={
        200: {
            "headers": {
                "ETag": {"description": "to be sent as If-None-Match", "schema": {"type": "string"}},
                "X-Total-Count": {"description": "how many fit", "schema": {"type": "integer"}},
                "Link": {"description": "the pages around this one", "schema": {"type": "string"}},
            }
        },
        304: {"description": "As it was with that ETag."},
    },
)
async def missions(
    request: Request,
    status: Annotated[list[MissionStatus] | None, Query(description="Of one of these.")] = None,
    stage: Annotated[list[Stage] | None, Query(description="Of one of these.")] = None,
    project: str | None = None,
    q: Annotated[str, Query(description="In the title, the task or the id.")] = "",
    limit: Annotated[int | None, Query(ge=1, le=10_000, description="Without it all of them.")] = None,
    offset: Annotated[int, Query(ge=0, description="With a limit.")] = 0,
) -> Response:
    """All missions, the newest change first, complete ones too."""
    whole = await cast(MissionList, request.app.state.missions).whole()
    wanted = Filter(frozenset(status or ()), frozenset(stage or ()), project, q.casefold().strip())
    rows = [row for row in whole.rows if wanted.fits(row)]
    headers = {"x-total-count": str(len(rows))}
    if limit is not None:
        headers["link"] = Page(limit, offset).links(request, len(rows))
        rows = rows[offset : offset + limit]
    answer = cached(request, list_body(rows))
    answer.headers.update(headers)
    return answer
