"""`/api/sessions`: every session, one in depth, and its end."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from pydantic import Field
from starlette.responses import Response

from scopecraft.api.answer import cached, encoded, plain
from scopecraft.api.house import context_of
from scopecraft.api.problem import TALKING, refusals
from scopecraft.api.session_shapes import (
    Body,
    SessionDetail,
    SessionId,
    SessionList,
    SessionShape,
    listed_dict,
    require_session,
)
from scopecraft.api.slow import slow
from scopecraft.sessions.look import ended_view
from scopecraft.sessions.session_depth import depth_of
from scopecraft.sessions.session_json import view_dict
from scopecraft.sessions.sessions_seen import State, Wanted, sessions_seen, usages_of
from scopecraft.sessions.stop import stop_session
from scopecraft.supervisor.client import poke
from scopecraft.supervisor.watching import activities_of

router = APIRouter(prefix="/api/sessions", tags=["sessions"])
BY = "the API"  # who stopped it, where people read that
MOST = 500
USUAL = 100
Piece = Annotated[str | None, Query(max_length=200)]


class Stop(Body):
    now: bool = Field(default=False, description="do not ask the agent to end: end it")


@router.get("", response_model=SessionList, responses=refusals(400))
def sessions(
    request: Request,
    state: State | None = None,
    mission: Piece = None,
    project: Piece = None,
    agent: Piece = None,
    mode: Literal["autonomous", "dispatch"] | None = None,
    text: Annotated[str | None, Query(max_length=200, description="of task, id, agent or branch")] = None,
    live: Annotated[bool | None, Query(description="only those that have not ended, or only those that have")] = None,
    limit: Annotated[int, Query(ge=1, le=MOST)] = USUAL,
    offset: Annotated[int, Query(ge=0, le=10**9)] = 0,
) -> Response:
    """Those that live first, then the ended ones, the newest first."""
    context = context_of(request)
    wanted = Wanted(state, mission, project, agent, mode, text, live)
    page = sessions_seen(context, wanted, limit=limit, offset=offset)
    used = usages_of(context, [view.session for view in page.views], activities_of(context.home) if page.live else {})
    rows = [listed_dict(view, used.get(view.session.id)) for view in page.views]
    counts = {"total": page.total, "live": page.live, "limit": limit, "offset": offset}
    return cached(request, encoded({"sessions": rows, **counts}))


@router.get("/{session_id}", response_model=SessionDetail, responses=refusals(404))
def session(request: Request, session_id: SessionId) -> Response:
    """With its alerts, what it used, the commits that were taken, and what it asks."""
    context = context_of(request)
    found = require_session(context, session_id)
    depth = depth_of(context, found, activities_of(context.home))
    return plain(
        {
            **listed_dict(depth.view, depth.usage),
            "alerts": [asdict(alert) for alert in depth.known.alerts],
            "commits": asdict(depth.known.commits) if depth.known.commits else None,
            "activity": depth.activity,
            "question": depth.question,
        }
    )


@router.post("/{session_id}/stop", response_model=SessionShape, responses=TALKING)
@slow
def stop(request: Request, session_id: SessionId, body: Stop | None = None) -> Response:
    """End it, politely or at once; its commits are taken either way. Answers when it has ended: a minute, perhaps.

    One that waits in the queue leaves it; one that had ended is answered as it is.
    """
    context = context_of(request)
    found = require_session(context, session_id)
    ended = stop_session(context, found.id, now=body is not None and body.now, by=BY)
    poke(context)
    return plain(view_dict(ended_view(ended)))
