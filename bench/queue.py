"""The queue beside task-spooler and huey, in one run: into the line, and from an end to the next start.

`python -m bench.queue`. Of task-spooler and huey nothing is needed by the project: `apt-get install task-spooler`, and
huey is fetched by uv into an environment of its own. What is missing says so.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import docker

from bench.measure import Figure, median_ms, print_figures
from bench.workshop import Workshop, workshop
from scopecraft.config.paths import Home
from scopecraft.model.clock import to_text
from scopecraft.model.ids import new_mission_id, new_session_id
from scopecraft.model.queue import Occupancy, QueueRules
from scopecraft.model.session import Completed, Ended, Queued, Session, Status
from scopecraft.state.rows import insert_session
from scopecraft.state.store import Store

ROWS = 10_000
ENQUEUED = 300
ROUNDS = 15
HANDED_OVER = 12
SECONDS = 120
Seen = list[tuple[str, float]]
HUEY = ("uv", "run", "--quiet", "--no-project", "--with", "huey", "python")
HUEY_PROGRAM = """
import json, pathlib, sys, threading, time
from huey import SqliteHuey
folder, enqueued, handed_over = pathlib.Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
huey = SqliteHuey(filename=str(folder / "huey.db"), fsync=True)
began, ended = [], []
@huey.task()
def nothing():
    began.append(time.time())
    ended.append(time.time())
taken = []
for _ in range(enqueued):
    start = time.perf_counter()
    nothing()
    taken.append((time.perf_counter() - start) * 1000)
huey.flush()
for _ in range(handed_over):
    nothing()
consumer = huey.create_consumer(workers=1, initial_delay=0.01, max_delay=0.05)
consumer.start()
while len(ended) < handed_over:
    time.sleep(0.01)
consumer.stop()
print(json.dumps({"enqueue": taken, "gaps": [(b - e) * 1000 for e, b in zip(ended, began[1:])]}))
"""


def figures() -> Iterator[Figure]:
    yield from _scopecraft_enqueue()
    with workshop() as shop:
        yield from _scopecraft_commands(shop)
    yield from _spooler()
    yield from _huey()


def _scopecraft_enqueue() -> Iterator[Figure]:
    """In this process, with 10,000 sessions stored; what it costs until it is on the disk."""
    with tempfile.TemporaryDirectory(prefix="sc-bench-") as folder:
        home = Path(folder)
        with Store.open(home) as store:
            begin = datetime.now(UTC) - timedelta(days=30)
            with closing(sqlite3.connect(home / "scopecraft.db")) as connection, connection:
                for number in range(ROWS):
                    text = to_text(begin + timedelta(seconds=number))
                    insert_session(connection, _session(number, Ended(text, text, Completed())))
            floor = [_durable_row(home, number) for number in range(ENQUEUED)]
            taken = []
            for number in range(ENQUEUED):
                session = _session(ROWS + number, Queued(to_text(datetime.now(UTC))))
                began = time.perf_counter()
                store.queue.enqueue(session, session.created_at, _anybody)
                taken.append((time.perf_counter() - began) * 1000)
    what = f"enqueue in a process, {ROWS:,} rows"
    yield Figure(f"{what}: median (floor: a durable SQLite row)", _at(floor, 50), _at(taken, 50), "µs", "")
    yield Figure(f"{what}: p99", _at(floor, 99), _at(taken, 99), "µs", "under 2,000 µs")


def _anybody(_: Occupancy, __: QueueRules) -> None:
    """No limit: it is the writing that is measured."""


def _durable_row(home: Path, number: int) -> float:
    with closing(sqlite3.connect(home / "floor.db", isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("CREATE TABLE IF NOT EXISTS row (n INTEGER, text TEXT)")
        began = time.perf_counter()
        connection.execute("INSERT INTO row VALUES (?, ?)", (number, "x" * 500))
        return (time.perf_counter() - began) * 1000


def _scopecraft_commands(shop: Workshop) -> Iterator[Figure]:
    shop.sc("queue", "limit", "--waiting", "1000")
    python = median_ms(lambda: subprocess.run([sys.executable, "-c", "pass"], check=True), ROUNDS)
    with_click = median_ms(lambda: subprocess.run([sys.executable, "-c", "import click"], check=True), ROUNDS)
    numbers = iter(range(10_000))
    added = median_ms(lambda: _alone(shop, *_add(f"alone-{next(numbers)}")), ROUNDS)
    yield Figure("sc queue add (floor: Python's start)", python, added, "ms", "floor + 60 ms")
    yield Figure("sc queue add (floor: Python with click)", with_click, added, "ms", "")
    _alone(shop, "queue", "clear", "--yes")
    yield from _scopecraft_hand_over(shop)


def _scopecraft_hand_over(shop: Workshop) -> Iterator[Figure]:
    """One slot, sessions that end at once: from the record of an end to the next one's container being created."""
    _alone(shop, "queue", "limit", "--running", "1")
    _alone(shop, "queue", "pause")
    for number in range(HANDED_OVER):
        _alone(shop, *_add(f"next-{number}"))
    shop.sc("up")
    try:
        with _engine_events(shop) as seen, _journal(shop) as written:
            shop.sc("queue", "resume")
            _wait(lambda: not any(json.loads(shop.sc("queue", "--json"))["counts"].values()))
    finally:
        shop.sc("down", check=False)
    begun = _following(_of("session_ended", written), _of("session_starting", written))
    made = _following(_of("die", seen), _of("create", seen))
    yield Figure("session ended -> next container asked for", None, _median(begun), "ms", "under 30 ms")
    yield Figure("container exited -> next one made (commits taken between)", None, _median(made), "ms", "")


def _median(gaps: list[tuple[float, float]]) -> float:
    return statistics.median((after - end) * 1000 for end, after in gaps)


@contextlib.contextmanager
def _journal(shop: Workshop) -> Iterator[Seen]:
    """What another process sees of it, a millisecond after it was written: kind, when."""
    written: Seen = []
    is_over = threading.Event()

    def read() -> None:
        last = 0
        with closing(sqlite3.connect(shop.home / "scopecraft.db")) as connection:
            while not is_over.wait(0.001):
                rows = connection.execute("SELECT seq, kind FROM event WHERE seq > ? ORDER BY seq", (last,)).fetchall()
                written.extend((kind, time.time()) for _, kind in rows)
                last = rows[-1][0] if rows else last

    reader = threading.Thread(target=read)
    reader.start()
    try:
        yield written
    finally:
        is_over.set()
        reader.join()


def _of(kind: str, seen: Seen) -> list[float]:
    return [at for each, at in seen if each == kind]


def _add(task: str) -> tuple[str, ...]:
    return ("queue", "add", task, "--agent", "plain", "-m", "x", "--", "true")


def _alone(shop: Workshop, *arguments: str) -> None:
    """Without a supervisor, and without starting one: what is measured is the command."""
    subprocess.run(
        [sys.executable, "-m", "scopecraft", *arguments],
        cwd=shop.repository,
        env={**shop.environment, "SCOPECRAFT_SUPERVISOR": "never"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
    )


@contextlib.contextmanager
def _engine_events(shop: Workshop) -> Iterator[Seen]:
    """What the engine tells of the containers of this home: action, when."""
    client = docker.from_env()
    label = f"scopecraft.home={Home(shop.home).label}"
    stream = client.events(decode=True, filters={"type": "container", "event": ["create", "die"], "label": label})
    seen: Seen = []

    def read() -> None:
        for event in stream:
            seen.append((event["Action"], event["timeNano"] / 1e9))

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    try:
        yield seen
    finally:
        stream.close()


def _following(ends: list[float], starts: list[float]) -> list[tuple[float, float]]:
    """There is one slot: each end with the start of the next one."""
    return list(zip(ends[-HANDED_OVER:-1], starts[-HANDED_OVER:][1:], strict=True))


def _spooler() -> Iterator[Figure]:
    program = shutil.which("tsp")
    if program is None:
        print("task-spooler is not there: apt-get install task-spooler", file=sys.stderr)
        return
    with tempfile.TemporaryDirectory(prefix="sc-bench-") as folder:
        environ = {**os.environ, "TS_SOCKET": f"{folder}/socket", "TMPDIR": folder}

        def tsp(*words: str) -> str:
            return subprocess.run([program, *words], env=environ, check=True, capture_output=True).stdout.decode()

        try:
            tsp("-S", "1")
            tsp("sleep", "30")  # what follows waits behind it
            added = median_ms(lambda: tsp("true"), ROUNDS)
            tsp("-k")
            gaps = _gaps(folder, tsp)
        finally:
            tsp("-K")
    yield Figure("task-spooler: tsp COMMAND (not durable: in memory)", None, added, "ms", "")
    yield Figure("task-spooler: job ended -> next one started", None, statistics.median(gaps), "ms", "")


def _gaps(folder: str, tsp: Callable[..., str]) -> list[float]:
    for _ in range(HANDED_OVER):
        tsp("-n", "sh", "-c", f"echo $(date +%s.%N) $(date +%s.%N) >>{folder}/times")
    file = Path(folder) / "times"
    _wait(lambda: file.exists() and len(file.read_text().splitlines()) == HANDED_OVER)
    times = [[float(word) for word in line.split()] for line in file.read_text().splitlines()]
    return [(after[0] - before[1]) * 1000 for before, after in itertools.pairwise(times)]


def _huey() -> Iterator[Figure]:
    if shutil.which(HUEY[0]) is None:
        print("huey is not there: it is fetched by uv", file=sys.stderr)
        return
    with tempfile.TemporaryDirectory(prefix="sc-bench-") as folder:
        command = [*HUEY, "-c", HUEY_PROGRAM, folder, str(ENQUEUED), str(HANDED_OVER)]
        done = subprocess.run(command, cwd=folder, capture_output=True, check=False, timeout=SECONDS)
    if done.returncode != 0:
        print(f"huey could not be measured: {done.stderr.decode()[-300:]}", file=sys.stderr)
        return
    said = json.loads(done.stdout.decode().splitlines()[-1])
    yield Figure("huey (SQLite, fsync): enqueue in a process, median", None, _at(said["enqueue"], 50), "µs", "")
    yield Figure("huey: the same, p99", None, _at(said["enqueue"], 99), "µs", "")
    yield Figure("huey: job ended -> next one started (thread)", None, statistics.median(said["gaps"]), "ms", "")


def _session(number: int, status: Status) -> Session:
    at = datetime.now(UTC) + timedelta(seconds=number)  # ids begin with a time, and are told apart by it
    return Session(
        id=new_session_id(at),
        mission_id=new_mission_id(at),
        task=f"task-{number}",
        project="repository",
        step_id="implementation",
        attempt=1,
        agent="claude",
        dialect="claude",
        executor="container",
        mode="autonomous",
        branch="",
        worktree="",
        created_at=to_text(at),
        status=status,
    )


def _at(taken: list[float], percent: int) -> float:
    """The percentile, of milliseconds in microseconds."""
    return statistics.quantiles(taken, n=100)[percent - 1] * 1000


def _wait(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not is_so():
        if time.monotonic() > deadline:
            raise TimeoutError("what was to be measured did not come to pass")
        time.sleep(0.05)


if __name__ == "__main__":
    print_figures(figures())
