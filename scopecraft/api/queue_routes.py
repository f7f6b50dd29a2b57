"""`/api/queue/line` and `/api/queue/rules`: who waits in which order, and what rules over it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field, StrictBool
from starlette.responses import Response

from scopecraft.api.answer import cached, encoded, plain
from scopecraft.api.house import context_of
from scopecraft.api.problem import refusals
from scopecraft.api.session_shapes import Body, SessionId, SessionShape, Whole, require_session
from scopecraft.errors import Refused
from scopecraft.model.queue import QueueRules
from scopecraft.queueing.ruling import MOST
from scopecraft.sessions import queue_changes
from scopecraft.sessions.context import Context
from scopecraft.sessions.queue_seen import queue_dict, queue_view
from scopecraft.supervisor.client import is_up, poke

router = APIRouter(prefix="/api/queue", tags=["queue"])
BY = "the API"


class Counts(BaseModel):
    running: int
    waiting: int
    waiting_new: int = Field(description="without those that go on with a mission: for them no limit holds")


class Limits(BaseModel):
    running: int
    waiting: int


class Line(BaseModel):
    """`waiting` in their order. `supervisor` says whether one is up to start them."""

    running: list[SessionShape]
    waiting: list[SessionShape]
    counts: Counts
    limits: Limits
    paused: bool
    paused_because: str | None
    parked_until: str | None
    parked_because: str | None
    stop_on_failure: bool
    supervisor: bool


class Move(Body):
    place: Whole = Field(description="1 is the next one")


class Moved(BaseModel):
    before: int
    after: int


class Removed(BaseModel):
    """`removed` is false for one that had left the line already."""

    removed: bool


class Cleared(BaseModel):
    """Those of `begun` began meanwhile, and run on."""

    removed: int
    begun: list[str]


class Rules(BaseModel):
    paused: bool
    paused_because: str | None
    parked_until: str | None
    parked_because: str | None
    stop_on_failure: bool
    max_running: int
    max_waiting: int


class RulesChange(Body):
    """What is left out stays. To end a pause ends a parked queue's wait, too."""

    paused: StrictBool | None = None
    stop_on_failure: StrictBool | None = None
    max_running: Annotated[Whole, Field(ge=1, le=MOST)] | None = None
    max_waiting: Annotated[Whole, Field(ge=0, le=MOST)] | None = None


@router.get("/line", response_model=Line)
def line(request: Request) -> Response:
    """Who runs, who waits at which place, the limits, and what holds the line up."""
    context = context_of(request)
    return cached(request, encoded(queue_dict(queue_view(context, is_supervised=is_up(context)))))


@router.post("/line/{session_id}/move", response_model=Moved, responses=refusals(400, 404, 409))
def move(request: Request, session_id: SessionId, body: Move) -> Response:
    """To another place in the line; others may begin or come at the same moment, so `after` says which it has."""
    context = context_of(request)
    before, after = queue_changes.move(context, require_session(context, session_id), body.place)
    poke(context)
    return plain({"before": before, "after": after})


@router.delete("/line/{session_id}", response_model=Removed, responses=refusals(404, 409))
def remove(request: Request, session_id: SessionId) -> Response:
    """Out of the line; nothing of it has begun. One that runs is refused: stop it instead."""
    context = context_of(request)
    removed = queue_changes.take_out(context, require_session(context, session_id), BY)
    poke(context)
    return plain({"removed": removed})


@router.post("/line/clear", response_model=Cleared)
def clear(request: Request) -> Response:
    """Everything that waits leaves the line. What runs goes on."""
    context = context_of(request)
    begun: list[str] = []
    removed = 0
    for item in context.store.line():
        try:
            removed += queue_changes.take_out(context, item.session, BY)
        except Refused:
            begun.append(item.session.id)
    poke(context)
    return plain({"removed": removed, "begun": begun})


@router.get("/rules", response_model=Rules)
def rules(request: Request) -> Response:
    return plain(_rules_dict(context_of(request).store.queue.rules()))


@router.put("/rules", response_model=Rules, responses=refusals(400))
def change_rules(request: Request, body: RulesChange) -> Response:
    """Nothing that runs is ended, and nothing that waits is put out, when there are more than may be."""
    context = context_of(request)
    _change(context, body)
    poke(context)
    return plain(_rules_dict(context.store.queue.rules()))


def _change(context: Context, body: RulesChange) -> None:
    if body.max_running is not None or body.max_waiting is not None:
        queue_changes.limit(context, running=body.max_running, waiting=body.max_waiting)
    if body.stop_on_failure is not None:
        queue_changes.stop_on_failure(context, is_on=body.stop_on_failure)
    if body.paused is not None:
        (queue_changes.pause if body.paused else queue_changes.resume)(context)


def _rules_dict(rules: QueueRules) -> dict[str, Any]:
    return {
        "paused": rules.is_paused,
        "paused_because": rules.paused_because or None,
        "parked_until": rules.parked_until,
        "parked_because": rules.parked_because or None,
        "stop_on_failure": rules.stops_on_failure,
        "max_running": rules.max_running,
        "max_waiting": rules.max_waiting,
    }
