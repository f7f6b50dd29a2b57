"""`/api/journal`: what happened, from a place on or back from one."""

from __future__ import annotations

from itertools import islice
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from scopecraft.api.answer import plain
from scopecraft.api.house import context_of
from scopecraft.errors import UsageProblem
from scopecraft.model.event import EventKind
from scopecraft.sessions.journal import MOST_LOOKED_AT, Journal, JournalEntry, entry_dict, wanted_of

router = APIRouter(tags=["journal"])
MOST_ENTRIES = 500


class JournalItem(BaseModel):
    seq: int = Field(description="the place in the journal, which only grows")
    at: str
    kind: str
    mission_id: str | None
    session_id: str | None
    task: str | None
    project: str | None
    data: dict[str, str | int | float | bool | None]


class JournalAnswer(BaseModel):
    """In the order of the journal with `after`, else the latest first; null places lead nowhere."""

    entries: list[JournalItem]
    before: int | None = Field(description="ask with it as `before` for earlier ones; null: there are none")
    after: int | None = Field(description="ask with it as `after` for what comes; null where `before` was asked")


@router.get("/api/journal", response_model=JournalAnswer)
def journal(
    request: Request,
    after: Annotated[int | None, Query(ge=0, le=2**62, description="Only what came after this place.")] = None,
    before: Annotated[int | None, Query(ge=0, le=2**62, description="Only what came before this place.")] = None,
    limit: Annotated[int, Query(ge=1, le=MOST_ENTRIES)] = 100,
    mission: Annotated[str | None, Query(description="Its id, name or suffix.")] = None,
    session: Annotated[str | None, Query(description="Its id.")] = None,
    project: str | None = None,
    kinds: Annotated[list[EventKind] | None, Query(description="May be repeated.")] = None,
) -> Response:
    """What became of missions, sessions and the queue.

    What is rare may be so far away that an answer is short or empty: its `before` or `after` leads on all the same.
    """
    if after is not None and before is not None:
        raise UsageProblem("after and before cannot be asked together", "ask with one of them")
    context = context_of(request)
    wanted = wanted_of(context, mission, session, project, frozenset(kinds or ()))
    reader = Journal(context, wanted, after or 0)
    if after is not None:
        found = list(islice(reader.new(MOST_LOOKED_AT), limit))
        return plain(_answer(found, None, reader.place))
    if before is not None:
        earlier = reader.earlier(before, limit)
        return plain(_answer(earlier.entries, earlier.before, None))
    newest = reader.newest()
    earlier = reader.earlier(newest + 1, limit)
    return plain(_answer(earlier.entries, earlier.before, newest))


def _answer(entries: list[JournalEntry] | tuple[JournalEntry, ...], before: int | None, after: int | None) -> Any:
    return {"entries": [entry_dict(entry) for entry in entries], "before": before, "after": after}
