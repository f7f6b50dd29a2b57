"""`/api/usage`: tokens and cost by day, agent, model or mission, as agents tell them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from scopecraft.api.answer import plain
from scopecraft.api.house import context_of
from scopecraft.model import clock
from scopecraft.sessions.usage import Days, row_dict, usage_report
from scopecraft.supervisor.watching import activities_of

router = APIRouter(tags=["usage"])
MOST_ROWS = 500


class UsageSums(BaseModel):
    """`untold` of the sessions named no cost, `live` ones have not ended; `cost_usd` is null where none named any."""

    key: str = Field(description="a day, an agent, a model (empty: none was named) or a mission's id")
    name: str
    project: str | None
    sessions: int
    live: int
    untold: int
    input_tokens: int = Field(description="without those that came from a cache or went into one")
    output_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    cost_usd: float | None


class UsageAnswer(BaseModel):
    """`from` and `to` are null where the range has no such end; `more` rows are left out."""

    first: str | None = Field(alias="from")
    last: str | None = Field(alias="to")
    by: Literal["day", "agent", "model", "mission"]
    project: str | None
    rows: list[UsageSums]
    more: int
    total: UsageSums


@router.get("/api/usage", response_model=UsageAnswer)
def usage(
    request: Request,
    first: Annotated[str | None, Query(alias="from", description="The first day, as 2026-03-01.")] = None,
    last: Annotated[str | None, Query(alias="to", description="The last day; sessions that work count today.")] = None,
    by: Literal["day", "agent", "model", "mission"] = "day",
    project: str | None = None,
    limit: Annotated[int, Query(ge=1, le=MOST_ROWS, description="Of what is not by day: the dearest ones.")] = 100,
) -> Response:
    """What agents say they used. Days are those of the server's time zone; without a range it is all there is."""
    context = context_of(request)
    days = Days.of_text(first, last)
    live = activities_of(context.home)
    report = usage_report(context, days, [by], live=live, project=project, now=clock.now())
    rows = report.rows[by]
    shown = rows if by == "day" else rows[:limit]
    answer: dict[str, Any] = {
        "from": days.first.isoformat() if days.first else None,
        "to": days.last.isoformat() if days.last else None,
        "by": by,
        "project": project,
        "rows": [row_dict(row) for row in shown],
        "more": len(rows) - len(shown),
        "total": row_dict(report.total),
    }
    return plain(answer)
