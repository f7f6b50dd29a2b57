"""The log of a session: pages of rows, one row in full, and the bytes that the agent wrote."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Annotated, Any, get_args

import orjson
from fastapi import APIRouter, Query, Request
from fastapi import Path as PathPiece
from pydantic import BaseModel, Field
from starlette.responses import Response, StreamingResponse

from scopecraft.api.answer import JSON
from scopecraft.api.house import context_of
from scopecraft.api.problem import refusals
from scopecraft.api.session_shapes import SessionId, require_session
from scopecraft.errors import BadInput, NotFound
from scopecraft.model.session import Session
from scopecraft.sessions.entry_words import Kind, Mood
from scopecraft.sessions.log_detail import Source, log_of, row_in_full, source_file
from scopecraft.sessions.log_pages import USUAL_ROWS, LogPage, Wanted, page_after, page_before
from scopecraft.streams.lines import open_stream, read_chunk

router = APIRouter(tags=["log"])
MOST_ROWS = 1000
FARTHEST = 2**53 - 1  # what JavaScript can count to
_REFUSALS = refusals(400, 404, 500)

Place = Annotated[int | None, Query(ge=0, le=FARTHEST, description="a byte of the stream, as a page named it")]


class LogRow(BaseModel):
    """One thing that the agent said or did. `offset` and `nth` name it; `more` says that it has more than `text`."""

    offset: int
    nth: int
    end: int
    kind: Kind
    title: str
    text: str
    mood: Mood
    at: str | None
    more: bool
    left: int = Field(description="lines that are missing from the text")
    subagent: bool
    piece: bool = Field(description="the text goes on in the next row, if that is a piece too")


class LogRows(BaseModel):
    """Rows in the order of the stream. `before` is null where it begins, `after` where it is over and ends."""

    rows: list[LogRow]
    before: int | None
    after: int | None
    size: int
    session: str


class FullLogRow(BaseModel):
    text: str
    is_cut: bool = Field(description="it has more than is given out")
    row: LogRow


class Asked(BaseModel, extra="forbid"):
    """At most one of `before` and `after`; without them, the end of the log."""

    before: Place = None
    after: Place = None
    limit: Annotated[int, Query(ge=1, le=MOST_ROWS)] = USUAL_ROWS
    kinds: Annotated[str, Query(max_length=200, description="of these kinds only, with commas between them")] = ""
    search: Annotated[str, Query(max_length=500)] = ""
    errors: bool = False
    of: Source = "stream"


@router.get("/api/sessions/{session_id}/log", response_model=LogRows, responses=_REFUSALS)
def read_log(request: Request, session_id: SessionId, asked: Annotated[Asked, Query()]) -> Response:
    """Some rows of a log. What is searched may be far away: a page without rows then says where to go on."""
    context = context_of(request)
    session = require_session(context, session_id)
    log = log_of(context, session, asked.of)
    if asked.before is not None and asked.after is not None:
        raise BadInput("a page is before a place or after it, not both", "leave out `before` or `after`")
    wanted = Wanted(asked.limit, kinds_of(asked.kinds), asked.search, asked.errors)
    page = page_before(log, asked.before, wanted) if asked.after is None else page_after(log, asked.after, wanted)
    return Response(page_json(session, page), media_type=JSON, headers={"cache-control": "no-store"})


@router.get("/api/sessions/{session_id}/log/{offset}", response_model=FullLogRow, responses=_REFUSALS)
def read_row(
    request: Request,
    session_id: SessionId,
    offset: Annotated[int, PathPiece(ge=0, le=FARTHEST, description="the first byte of its line")],
    nth: Annotated[int, Query(ge=0, le=FARTHEST)] = 0,
    of: Source = "stream",
) -> Response:
    """One row in full: all of a result, or all that a tool was given."""
    context = context_of(request)
    full = row_in_full(context, require_session(context, session_id), offset, nth, of)
    return Response(orjson.dumps(full), media_type=JSON, headers={"cache-control": "no-store"})


@router.get(
    "/api/sessions/{session_id}/stream",
    response_class=StreamingResponse,
    responses=_REFUSALS | {200: {"description": "its bytes", "content": {"text/plain": {}}}},
)
def download(request: Request, session_id: SessionId, of: Source = "stream") -> Response:
    """The bytes that the agent wrote, as it wrote them."""
    context = context_of(request)
    session = require_session(context, session_id)
    file = source_file(context, session, of)
    descriptor = open_stream(file)
    if descriptor is None:
        raise NotFound(f"there is no log at {file}", "was the session's folder removed?")
    size = os.fstat(descriptor).st_size
    headers = {
        "content-disposition": f'attachment; filename="{session.id}-{file.name}"',
        "content-length": str(size),
        "cache-control": "no-store",
    }
    return StreamingResponse(_pieces(descriptor, size), headers=headers, media_type="text/plain; charset=utf-8")


def kinds_of(text: str) -> frozenset[Kind]:
    """Raises BadInput."""
    known: dict[str, Kind] = {kind: kind for kind in get_args(Kind)}
    named = [word for word in text.split(",") if word]
    strange = next((word for word in named if word not in known), None)
    if strange is not None:
        raise BadInput(f"no row of a log is of the kind {strange!r}", f"the kinds are {', '.join(known)}")
    return frozenset(known[word] for word in named)


def page_json(session: Session, page: LogPage) -> bytes:
    told: dict[str, Any] = {name: getattr(page, name) for name in ("rows", "before", "after", "size")}
    return orjson.dumps(told | {"session": session.id})


def _pieces(descriptor: int, size: int) -> Iterator[bytes]:
    """Exactly that many bytes, as the answer's head has promised; zeros where the file became shorter meanwhile."""
    try:
        sent = 0
        while sent < size:
            data = read_chunk(descriptor, sent)[: size - sent] or bytes(min(size - sent, 65536))
            sent += len(data)
            yield data
    finally:
        os.close(descriptor)
