"""Programs on a terminal of ours: all bytes, their size, their end."""

from __future__ import annotations

import hashlib
import os
import select
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scopecraft.executors.pty_client import PtyClient, Size
from tests.support.tmux import python
from tests.support.wait import until

ENVIRONMENT = {"PATH": os.environ["PATH"], "TERM": "xterm-256color"}


@contextmanager
def running(argv: list[str], size: Size | None = None) -> Iterator[PtyClient]:
    client = PtyClient(argv, ENVIRONMENT, size or Size(80, 24))
    try:
        yield client
    finally:
        client.close()


def read(client: PtyClient, wanted: bytes = b"") -> bytes:
    """All until the wanted bytes are among it; without any, until its end."""
    found = b""
    while not (wanted and wanted in found):
        assert select.select([client], [], [], 10)[0], found
        part = client.read()
        if part == b"":
            break
        found += part or b""
    return found


def test_every_byte_arrives_and_then_the_end() -> None:
    code = "import sys, tty; tty.setraw(1); sys.stdout.buffer.write(bytes(range(256)) * 4096)"
    expected = hashlib.sha256(bytes(range(256)) * 4096)
    with running(python(code)) as client:
        assert hashlib.sha256(read(client)).digest() == expected.digest()
        assert client.read() == b""
        assert client.close() == 0


def test_a_program_hears_of_its_size() -> None:
    script = "trap 'stty size' WINCH; stty size; while :; do sleep 0.05; done"
    with running(["/bin/sh", "-c", script], Size(100, 30)) as client:
        assert read(client, b"30 100")
        client.resize(Size(132, 43))
        assert read(client, b"43 132")


def test_what_is_typed_reaches_it_and_more_than_it_takes_waits() -> None:
    with running(["/bin/sh", "-c", "stty raw -echo; echo go; exec cat"]) as client:
        read(client, b"go")
        assert client.write("grüße\n".encode()) == 8
        assert read(client, "grüße".encode())
        os.kill(client.pid, signal.SIGSTOP)
        taken = [client.write(b"x" * 65536) for _ in range(8)]
        os.kill(client.pid, signal.SIGCONT)
        assert taken[-1] == 0


def test_a_program_that_ignores_the_hang_up_is_ended_and_collected() -> None:
    with running(["/bin/sh", "-c", "trap '' HUP TERM; echo go; while :; do sleep 1; done"]) as client:
        read(client, b"go")
        assert client.close() == -9
    assert not Path(f"/proc/{client.pid}").exists()


def test_whoever_opened_it_keeps_no_other_terminal() -> None:
    """A child that inherits another's terminal would keep it from ever ending."""
    with running(["sleep", "600"]) as one, running(["sleep", "600"]) as other:
        until(lambda: Path(f"/proc/{other.pid}/comm").read_text() == "sleep\n")
        held = {file.readlink() for file in Path(f"/proc/{other.pid}/fd").iterdir()}
        assert len(held) == 1
        assert held != {Path(f"/proc/{one.pid}/fd/0").readlink()}


def test_a_program_that_is_not_there_ends_with_words() -> None:
    with running(["/no/such/program"]) as client:
        assert b"not found" in read(client)
        assert client.close() == 127
