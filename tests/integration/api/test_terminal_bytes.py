"""What a program prints reaches a browser byte for byte, however slow that is, and waits where nobody shows it."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
import uvicorn
from fastapi import FastAPI, WebSocket
from websockets.sync.client import connect

from scopecraft.api.terminal_flow import HIGH_BYTES
from scopecraft.api.terminal_line import PART_BYTES, RESET, Line
from scopecraft.api.terminal_seats import Seats
from scopecraft.executors.pty_client import PtyClient, Size
from scopecraft.sessions.terminals import End, Window
from tests.support.served import free_port
from tests.support.shown_windows import Watcher
from tests.support.tmux import python
from tests.support.wait import until

MEGABYTES = 20
# Every byte but those that a terminal's line would change; how far it has come stands in a file.
PRINTS = """
import hashlib, os, sys, tty
tty.setraw(1)
part, count = bytes(range(256)) * 64, 0
for number in range({megabytes} * 64):
    os.write(1, hashlib.sha256(str(number).encode()).digest()) and os.write(1, part)
    count += len(part) + 32
    open({file!r}, "w").write(str(count))
sys.stdin.readline()
"""


def printed() -> bytes:
    part = bytes(range(256)) * 64
    return b"".join(hashlib.sha256(str(number).encode()).digest() + part for number in range(MEGABYTES * 64))


@dataclass(frozen=True)
class Program:
    """Stands where a session's window does, without tmux: that draws screens, and this prints bytes."""

    file: Path

    def open(self, fit: Size, *, writes: bool) -> PtyClient:
        code = PRINTS.format(megabytes=MEGABYTES, file=str(self.file))
        return PtyClient(python(code), {"PATH": os.environ["PATH"]}, fit)

    def size(self) -> Size:
        return Size(80, 24)

    def let_go(self) -> None:
        """There is nothing to do."""

    def end(self, _context: object) -> End:
        return End(False, "it is over")


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """Where the program is shown, by a server of the test's own."""
    app, seats = FastAPI(), Seats()
    app.state.house = SimpleNamespace(contexts=SimpleNamespace(fresh=lambda: None))

    @app.websocket("/")
    async def show(socket: WebSocket) -> None:
        await socket.accept()
        seat = seats.sit("r-1", "one")
        try:
            await Line(socket, seats, seat, cast(Window, Program(tmp_path / f"printed-{seat.name}"))).serve()
        finally:
            seats.leave(seat)

    port = free_port()
    config = uvicorn.Config(app, port=port, ws="websockets-sansio", log_config=None, lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until(lambda: server.started)
    yield f"ws://127.0.0.1:{port}/"
    server.should_exit = True
    thread.join(5)


def test_every_byte_arrives_and_what_is_not_shown_waits_in_the_program(address: str, tmp_path: Path) -> None:
    file = tmp_path / "printed-one"
    with connect(address, max_size=None, compression=None) as connection:
        watcher = Watcher(connection)
        held = bytearray()
        while len(held) < HIGH_BYTES:  # shown nowhere yet, so nothing is acknowledged
            message = connection.recv(10)
            held += message if isinstance(message, bytes) else b""
        assert len(held) < HIGH_BYTES + PART_BYTES
        with pytest.raises(TimeoutError):
            connection.recv(0.3)
        assert int(file.read_text()) < HIGH_BYTES + 3 * PART_BYTES
        watcher.say(ack=len(held))
        wanted = len(RESET) + MEGABYTES * 1024**2 + MEGABYTES * 64 * 32
        while len(held) + len(watcher.screen) < wanted:
            watcher.read()
    got = bytes(held + watcher.screen)
    assert got.startswith(RESET)
    assert hashlib.sha256(got[len(RESET) :]).digest() == hashlib.sha256(printed()).digest()
