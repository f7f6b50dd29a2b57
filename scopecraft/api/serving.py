"""The app in a thread with an event loop of its own, on sockets that listen already."""

from __future__ import annotations

import logging
import socket
import threading
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import uvicorn

from scopecraft.api.access import Access
from scopecraft.api.app import make_app
from scopecraft.api.connection import BoundedConnection, DroppedSocket
from scopecraft.api.door import Rules
from scopecraft.api.feed import Feed
from scopecraft.api.house import House
from scopecraft.api.log_feed import LogFeed
from scopecraft.missions.kept_listing import KeptListing
from scopecraft.sessions.context import Context
from scopecraft.supervisor.contexts import Contexts

if TYPE_CHECKING:
    from scopecraft.api.surface import HttpOptions

KEEP_ALIVE_SECONDS = 30
LEAVE_SECONDS = 1
MOST_MESSAGE_BYTES = 1024**2
PING_SECONDS = 20.0


@dataclass
class Serving:
    _house: House
    _server: uvicorn.Server
    _thread: threading.Thread

    @classmethod
    def begun(cls, context: Context, options: HttpOptions, port: int, sockets: list[socket.socket]) -> Serving:
        """Raises what keeps the home's token from being read."""
        contexts = Contexts(context.home, context.environ)
        rules = Rules.at(port, options.hosts, options.origins, needs_token=options.needs_token)
        house = House(
            contexts=contexts,
            access=Access.of(context.home),
            rules=rules,
            bounds=options.bounds,
            feed=Feed(contexts),
            logs=LogFeed(contexts),
            missions=KeptListing(context.home),
        )
        server = uvicorn.Server(_config(house, options))
        thread = threading.Thread(target=server.run, args=(sockets,), name="http", daemon=True)
        thread.start()
        return cls(house, server, thread)

    def new_code(self) -> str:
        return self._house.access.new_code()

    @property
    def viewers(self) -> int:
        return self._house.feed.viewers

    def close(self) -> None:
        """Within a second or so; who is still connected is hung up on."""
        self._house.feed.close()
        self._house.logs.close()
        self._server.should_exit = True
        self._thread.join(LEAVE_SECONDS + 1)


def _config(house: House, options: HttpOptions) -> uvicorn.Config:
    # what goes wrong in a handler is told by the app; the rest is noise of clients
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
    return uvicorn.Config(
        make_app(house),
        http=cast(Any, partial(BoundedConnection, options.bounds)),  # as good as a class of them
        ws=DroppedSocket,
        ws_per_message_deflate=False,  # all of it goes over the loopback
        ws_max_size=MOST_MESSAGE_BYTES,
        ws_ping_interval=PING_SECONDS,
        ws_ping_timeout=PING_SECONDS,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=LEAVE_SECONDS,
    )
