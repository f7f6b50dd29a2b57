"""A log that is followed: what it costs the server, how soon a line is on its way, how soon a page of a long one comes.

    python -m bench.log_feed [--viewers N] [--kilobytes N] [--seconds N]

The server runs in this process, writer and viewers in others. No agent, no engine.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.measure import Figure, median_ms, print_figures
from bench.stream import turn
from scopecraft.api.surface import HttpOptions, HttpSurface
from scopecraft.config.paths import home_of, make_home
from scopecraft.model import clock
from scopecraft.model.handle import ContainerHandle
from scopecraft.model.ids import new_mission_id, new_session_id
from scopecraft.model.session import Running, Session, Starting
from scopecraft.sessions.context import Context
from scopecraft.sessions.log_detail import log_of
from scopecraft.sessions.log_pages import Wanted, page_before

GIGABYTE = 10**9
WRITES_A_SECOND = 20
SETTLING_SECONDS = 3.0


async def view(address: str, session_id: str, viewers: int, seconds: float) -> list[float]:
    """How old, in milliseconds, what a message tells is when it arrives."""
    import websockets

    ages: list[float] = []

    async def one() -> None:
        async with websockets.connect(f"{address.replace('http', 'ws')}/ws/events", origin=address) as socket:
            await socket.recv()
            await socket.send(json.dumps({"follow": {"session": session_id, "offset": 0}}))
            await socket.recv()  # what was there before
            async with asyncio.timeout(seconds):
                while True:
                    for row in json.loads(await socket.recv()).get("log", {}).get("rows", ()):
                        if row["text"].startswith("written at "):
                            ages.append((time.monotonic() - float(row["text"].split()[2])) * 1000)

    await asyncio.gather(*(one() for _ in range(viewers)), return_exceptions=True)
    return ages


def write(file: Path, kilobytes: int, seconds: float) -> None:
    """Real records at an even pace, and among them the time."""
    block = b"".join(turn(number) for number in range(200)).split(b"\n")
    number = 0
    end = time.monotonic() + seconds
    with file.open("ab", buffering=0) as stream:
        while time.monotonic() < end:
            lines = [json.dumps(_said(f"written at {time.monotonic()}")).encode()]
            while sum(map(len, lines)) < kilobytes * 1000 / WRITES_A_SECOND:
                lines.append(block[number % (len(block) - 1)])
                number += 1
            stream.write(b"\n".join(lines) + b"\n")
            time.sleep(1 / WRITES_A_SECOND)


def _said(words: str) -> dict[str, object]:
    return {"type": "assistant", "message": {"content": [{"type": "text", "text": words}]}}


@contextmanager
def served() -> Iterator[tuple[Context, Session, str]]:
    with tempfile.TemporaryDirectory() as folder:
        environ = {"SCOPECRAFT_HOME": f"{folder}/home", "XDG_RUNTIME_DIR": folder, "PATH": os.environ["PATH"]}
        make_home(home_of(environ))
        context = Context.of(environ)
        session = _running(context)
        surface = HttpSurface(context, HttpOptions(port=None, needs_token=False, origins=(), hosts=()))
        surface.begin()
        try:
            yield context, session, surface.address
        finally:
            surface.close()
            context.store.close()


def _running(context: Context) -> Session:
    now = clock.now()
    at = clock.to_text(now)
    session = Session(
        id=new_session_id(now),
        mission_id=new_mission_id(now),
        task="bench",
        project="bench",
        step_id="build",
        attempt=1,
        agent="claude",
        dialect="claude",
        executor="container",
        mode="autonomous",
        branch="feature/bench",
        worktree="/nowhere",
        created_at=at,
        status=Starting(at),
    )
    context.store.create(session, at)
    context.folder(session.id).make()
    handle = ContainerHandle("unix:///nowhere", "bench", "ab" * 32)
    moved = context.store.move(session.id, Running(at, handle), "session_started", at)
    assert moved is not None
    return moved


def followed(viewers: int, kilobytes: int, seconds: int) -> list[Figure]:
    with served() as (context, session, address):
        file = context.folder(session.id).stream
        me = [sys.executable, "-m", "bench.log_feed"]
        looking = subprocess.Popen(
            [*me, "--view", address, session.id, str(viewers), str(seconds)], stdout=subprocess.PIPE, text=True
        )
        writing = subprocess.Popen([*me, "--write", str(file), str(kilobytes), str(seconds)])
        time.sleep(SETTLING_SECONDS)  # until the app is loaded and all have come
        used, began = time.process_time(), time.monotonic()
        time.sleep(seconds - SETTLING_SECONDS - 1)
        share = 100 * (time.process_time() - used) / (time.monotonic() - began)
        writing.wait()
        said, _ = looking.communicate()
    ages = sorted(float(each) for each in said.split())
    name = f"{viewers} viewers of {kilobytes} KB/s"
    return [
        Figure(f"{name}: server, of a core", None, share, "%", "< 5"),
        Figure(f"{name}: a line on its way, median", None, statistics.median(ages), "ms", ""),
        Figure(f"{name}: a line on its way, p95", None, ages[int(len(ages) * 0.95)], "ms", "< 100"),
    ]


def long_log() -> list[Figure]:
    with served() as (context, session, _):
        file = context.folder(session.id).stream
        block = b"".join(turn(number) for number in range(1000))
        with file.open("wb") as stream:
            for _ in range(GIGABYTE // len(block)):
                stream.write(block)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        log = log_of(context, session)
        last = median_ms(lambda: page_before(log, None, Wanted()), 9)
        middle = median_ms(lambda: page_before(log, GIGABYTE // 2, Wanted()), 9)
        found = median_ms(lambda: page_before(log, None, Wanted(search="needle")), 3)
        tools = median_ms(lambda: page_before(log, None, Wanted(only_errors=True)), 3)
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    return [
        Figure("1 GB: the last 200 rows", None, last, "ms", "< 200"),
        Figure("1 GB: 200 rows in its middle", None, middle, "ms", "< 200"),
        Figure("1 GB: 64 MB searched for a word that is not there", None, found, "ms", "< 200"),
        Figure("1 GB: 8 MB searched for errors", None, tools, "ms", "< 200"),
        Figure("1 GB: memory for all that", None, grown, "MB", "< 20"),
    ]


def main() -> int:
    if sys.argv[1:2] == ["--view"]:
        address, session_id, viewers, seconds = sys.argv[2:]
        print(*asyncio.run(view(address, session_id, int(viewers), float(seconds))))
        return 0
    if sys.argv[1:2] == ["--write"]:
        write(Path(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]))
        return 0
    parser = argparse.ArgumentParser(description="What it costs to follow a log.")
    parser.add_argument("--viewers", type=int, default=4)
    parser.add_argument("--kilobytes", type=int, default=100)
    parser.add_argument("--seconds", type=int, default=12)
    options = parser.parse_args()
    print_figures([*followed(options.viewers, options.kilobytes, options.seconds), *long_log()])
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
