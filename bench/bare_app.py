"""A bare ASGI app that sends one file, or a 304 where that is asked for: the floor of `bench.http_lists`."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

import uvicorn

Message = MutableMapping[str, Any]


class Bare:
    def __init__(self, body: bytes) -> None:
        self._body = body

    async def __call__(
        self, scope: Message, _receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
    ) -> None:
        is_known = (b"x-status", b"304") in scope["headers"]
        headers = [] if is_known else [(b"content-length", str(len(self._body)).encode())]
        await send({"type": "http.response.start", "status": 304 if is_known else 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if is_known else self._body})


if __name__ == "__main__":
    uvicorn.run(
        Bare(Path(sys.argv[2]).read_bytes()),
        port=int(sys.argv[1]),
        http="httptools",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
    )
