"""What every handler finds: contexts of the home, who may come in, and what happens."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, cast

from scopecraft.api.access import Access
from scopecraft.api.bounds import Bounds
from scopecraft.api.door import Rules
from scopecraft.missions.kept_listing import KeptListing
from scopecraft.sessions.context import Context
from scopecraft.supervisor.contexts import Contexts

if TYPE_CHECKING:
    from starlette.requests import HTTPConnection

    from scopecraft.api.feed import Feed


class Logs(Protocol):
    async def follow(self, session_id: str, offset: int, send: Callable[[bytes], Awaitable[None]]) -> None:
        """Send the session's log from `offset` on, as messages of the events' WebSocket, until it has ended."""

    def close(self) -> None:
        """Nobody looks on any more."""


@dataclass(frozen=True)
class House:
    contexts: Contexts
    access: Access
    rules: Rules
    bounds: Bounds
    feed: Feed
    logs: Logs
    missions: KeptListing


def house_of(request: HTTPConnection) -> House:
    return cast(House, request.app.state.house)


def context_of(request: HTTPConnection) -> Context:
    """A fresh one for the thread that asks; a handler calls it itself, and hands it to no other thread."""
    return house_of(request).contexts.fresh()
