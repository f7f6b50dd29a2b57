"""`GET /api/missions`: the list that pages ask for again and again, from memory, and in front of all routing.

It is looked at anew when the database was written to, when a mission came or went, and after a second in any case: a
person may edit a mission's file by hand. In between nothing is read, and it is encoded once.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scopecraft.api.answer import JSON, encoded, tag_of
from scopecraft.api.mission_found import look
from scopecraft.atomic import written_ns
from scopecraft.errors import ScopecraftError
from scopecraft.missions.kept_listing import KeptListing
from scopecraft.sessions.mission_index import MissionIndex, Row

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from starlette.types import ASGIApp, Receive, Scope, Send

    from scopecraft.supervisor.contexts import Contexts

PATH = "/api/missions"
LOOK_SECONDS = 1.0


def list_body(rows: Iterable[Row]) -> bytes:
    return b'{"success":true,"data":[' + b",".join(row.item for row in rows) + b'],"error":null}'


@dataclass(frozen=True, slots=True)
class Whole:
    """All missions, as they are answered. `tag` names this very answer."""

    rows: Sequence[Row]
    body: bytes
    tag: bytes

    @classmethod
    def of(cls, rows: Sequence[Row]) -> Whole:
        body = list_body(rows)
        return cls(rows, body, tag_of(body).encode())


class MissionList:
    """Of one home, on one event loop."""

    def __init__(self, contexts: Contexts, missions: KeptListing) -> None:
        self._contexts = contexts
        self._missions = missions
        self._places = (str(contexts.home.missions_active), str(contexts.home.missions_completed))
        self._index = MissionIndex(encoded)
        self._whole = Whole.of(())
        self._mark: tuple[int, ...] = ()
        self._until = 0.0
        self._looking = asyncio.Lock()

    async def whole(self) -> Whole:
        """As it is now. Raises what reading the home raises."""
        if not self._is_fresh():
            async with self._looking:
                if not self._is_fresh():
                    await self._look()
        return self._whole

    def _is_fresh(self) -> bool:
        return time.monotonic() < self._until and self._mark == self._marks()

    def _marks(self) -> tuple[int, ...]:
        return (self._contexts.store().data_version(), *map(written_ns, self._places))

    async def _look(self) -> None:
        mark = self._marks()  # before: what changes meanwhile is looked at again
        await asyncio.to_thread(self._refresh)
        if self._whole.rows is not self._index.rows:
            self._whole = Whole.of(self._index.rows)
        self._mark, self._until = mark, time.monotonic() + LOOK_SECONDS

    def _refresh(self) -> None:
        context = self._contexts.fresh()
        seen = look(context)  # first, since settling may change missions
        self._index.refresh(context, self._missions.look(), seen)


class ListFirst:
    """ASGI, between the guard and the routes. A list that is filtered or paged is for the routes."""

    def __init__(self, app: ASGIApp, missions: MissionList) -> None:
        self._app = app
        self._missions = missions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != PATH or scope["method"] != "GET" or scope["query_string"]:
            await self._app(scope, receive, send)
            return
        try:
            whole = await self._missions.whole()
        except (ScopecraftError, OSError):
            await self._app(scope, receive, send)  # which tells it in the form of all errors
            return
        await _answer(whole, _asked_tag(scope), send)


def _asked_tag(scope: Scope) -> bytes:
    return next((value for name, value in scope["headers"] if name == b"if-none-match"), b"")


async def _answer(whole: Whole, asked: bytes, send: Send) -> None:
    headers = [(b"etag", whole.tag), (b"cache-control", b"private, no-cache")]
    if whole.tag in asked or asked == b"*":
        await send({"type": "http.response.start", "status": 304, "headers": headers})
        await send({"type": "http.response.body", "body": b""})
        return
    headers += [
        (b"content-type", JSON.encode()),
        (b"content-length", str(len(whole.body)).encode()),
        (b"x-total-count", str(len(whole.rows)).encode()),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": whole.body})
