"""The HTTP server of a home on a loopback port of the kernel's choosing, in this process and without a supervisor."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import httpx

from scopecraft.api.access import read_token
from scopecraft.api.surface import HttpOptions, HttpSurface
from scopecraft.config.paths import Home
from scopecraft.sessions.context import Context
from tests.support.wait import until

DEFAULT = HttpOptions(port=None, needs_token=True, origins=(), hosts=())


@dataclass(frozen=True)
class Served:
    home: Home
    surface: HttpSurface
    client: httpx.Client  # a program that shows the token
    stranger: httpx.Client  # one that knows none

    @property
    def address(self) -> str:
        return self.surface.address

    def link(self, page: str = "/") -> str:
        """As `sc open` makes it."""
        code = self.surface.handlers()["link"](None, {})["code"]  # type: ignore[arg-type]
        return f"{self.address}/login#{code}&next={page}" if code else f"{self.address}{page}"


@contextmanager
def served(options: HttpOptions = DEFAULT, **env: str) -> Iterator[Served]:
    """The home of the test's environment; `env` is added to what its handlers see."""
    context = Context.of({**os.environ, **env})
    surface = HttpSurface(context, replace(options, port=options.port or free_port()))
    surface.begin()
    token = {"Authorization": f"Bearer {read_token(context.home)}"}
    try:
        with (
            httpx.Client(base_url=surface.address, headers=token, timeout=30) as client,
            httpx.Client(base_url=surface.address, timeout=30) as stranger,
        ):
            until(lambda: client.get("/health").status_code == 200, what="the server answers")
            yield Served(context.home, surface, client, stranger)
    finally:
        surface.close()


def free_port() -> int:
    import socket

    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])
