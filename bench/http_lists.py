"""The list of 1,000 missions over HTTP, whole and unchanged (304). `python -m bench.http_lists`

The load comes from this process, on loopback and on the same cores, over a few kept connections without pipelining. The
floor is a bare ASGI app on the same server library that sends the same bytes, in the same run.
"""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from urllib.request import Request, urlopen

from bench.measure import Figure, print_figures
from bench.missions import WORKFLOW
from bench.workshop import Workshop, workshop
from scopecraft.config.paths import Home
from scopecraft.missions.folder import create_mission
from scopecraft.missions.planner import told, with_steps
from scopecraft.model.clock import to_text
from scopecraft.model.ids import new_mission_id
from scopecraft.model.mission import Mission
from scopecraft.model.workflow import Recipe

MISSIONS = 1_000
CONNECTIONS = 8
SECONDS = 4.0
PATH = "/api/missions"


@dataclass(frozen=True, slots=True)
class Target:
    """`answer` is what it must say first, which is as long each time."""

    port: int
    request: bytes
    status: bytes


@dataclass(eq=False)
class Client(asyncio.Protocol):
    """Asks again as soon as it has the whole answer."""

    target: Target
    answered: int = 0
    _size: int = 0
    _begun: bytes = b""
    _got: int = 0
    _transport: asyncio.Transport | None = field(default=None, repr=False)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(self.target.request)

    def data_received(self, data: bytes) -> None:
        assert self._transport is not None
        self._got += len(data)
        if not self._size:
            self._begun += data
            self._size = _size_of(self._begun, self.target.status)
        if self._size and self._got >= self._size:
            assert self._got == self._size, f"{self._got} bytes in place of {self._size}"
            self._got = 0
            self.answered += 1
            self._transport.write(self.target.request)


def _size_of(begun: bytes, status: bytes) -> int:
    """Of the whole answer; 0 while its head is not there."""
    head, found, _ = begun.partition(b"\r\n\r\n")
    if not found:
        return 0
    assert head.startswith(b"HTTP/1.1 " + status), head
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return len(head) + 4 + (int(lengths[0].partition(b":")[2]) if lengths else 0)


async def _load(target: Target) -> float:
    """Answers a second."""
    loop = asyncio.get_running_loop()
    made = [await loop.create_connection(partial(Client, target), "127.0.0.1", target.port) for _ in range(CONNECTIONS)]
    clients = [client for _, client in made]
    await asyncio.sleep(0.5)
    before, began = sum(client.answered for client in clients), time.perf_counter()
    await asyncio.sleep(SECONDS)
    answered, taken = sum(client.answered for client in clients) - before, time.perf_counter() - began
    for transport, _ in made:
        transport.abort()
    return answered / taken


def figures() -> list[Figure]:
    with workshop() as shop:
        _make(shop)
        with _served(shop) as (port, token):
            head = f"GET {PATH} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n"
            asked = Request(f"http://127.0.0.1:{port}{PATH}", headers={"Authorization": f"Bearer {token}"})
            with urlopen(asked) as got:
                body, tag = got.read(), got.headers["etag"]
            assert body.count(b'"mission_id"') == MISSIONS
            with _floor(shop, body) as floor_port:
                whole = Target(port, f"{head}\r\n".encode(), b"200")
                known = Target(port, f"{head}If-None-Match: {tag}\r\n\r\n".encode(), b"304")
                bare = f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{floor_port}\r\nX-Status: "
                bare_whole = Target(floor_port, f"{bare}200\r\n\r\n".encode(), b"200")
                bare_known = Target(floor_port, f"{bare}304\r\n\r\n".encode(), b"304")
                rates = [asyncio.run(_load(target)) for target in (bare_whole, whole, bare_known, known)]
    what = f"a list of {MISSIONS:,} missions, {len(body) // 1000} kB"
    return [
        Figure(f"{what} (floor: the same bytes)", rates[0], rates[1], "/s", "over 1,500 a second"),
        Figure(f"{what}, unchanged (floor: a bare 304)", rates[2], rates[3], "/s", "over 5,000 a second"),
    ]


def _make(shop: Workshop) -> None:
    home = Home(shop.home)
    begin = datetime.now(UTC) - timedelta(days=30)
    for number in range(MISSIONS):
        at = to_text(begin + timedelta(minutes=number))
        mission = Mission(
            id=new_mission_id(begin + timedelta(minutes=number)),
            title=f"Task {number}, in a few words",
            slug=f"task-{number}-in-a-few-words",
            type="feature",
            workflow_id=WORKFLOW.id,
            current_step=0,
            status="ready",
            project="repository",
            branch=f"feature/task-{number}",
            base="ab" * 20,
            worktree=f"/worktrees/task-{number}",
            created_at=at,
            updated_at=at,
        )
        create_mission(home, told(with_steps(mission, WORKFLOW), WORKFLOW, at), "what to do\n", Recipe(WORKFLOW))


@contextmanager
def _served(shop: Workshop) -> Iterator[tuple[int, str]]:
    """The supervisor of the home: its port, and its token once it answers."""
    port = _free_port()
    with _running([sys.executable, "-m", "scopecraft", "serve", "--port", str(port)], port, shop.environment):
        token = shop.home / "config" / "http.token"
        with urlopen(f"http://127.0.0.1:{port}/health"):
            yield port, token.read_text().strip()


@contextmanager
def _floor(shop: Workshop, body: bytes) -> Iterator[int]:
    file = shop.root / "body"
    file.write_bytes(body)
    port = _free_port()
    with _running([sys.executable, "-m", "bench.bare_app", str(port), str(file)], port, dict(os.environ)):
        yield port


@contextmanager
def _running(command: list[str], port: int, environment: dict[str, str]) -> Iterator[None]:
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=Path(__file__).parent.parent
    )
    try:
        deadline = time.monotonic() + 30
        while socket.socket().connect_ex(("127.0.0.1", port)) != 0:
            assert process.poll() is None, f"{command} has ended"
            assert time.monotonic() < deadline, f"{command} does not answer"
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait(30)


def _free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


if __name__ == "__main__":
    print_figures(figures())
