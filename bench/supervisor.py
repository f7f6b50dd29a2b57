"""The supervisor: how soon it is ready, what it needs while nothing happens, how soon a write is an event elsewhere.

    python -m bench.supervisor [--sessions N] [--lines N] [--seconds N]

Sessions are real: containers and windows in which something sleeps. Their streams are written to from outside, so that
what is measured is the supervisor and not the writers; the listener is another process than either.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.listing import ENDED, make_ended
from bench.measure import Figure, print_figures
from bench.monitor import writer_of
from bench.workshop import Workshop, workshop
from scopecraft.config.paths import Home
from scopecraft.supervisor import client

IDLE_SESSIONS = 50
TICKS = os.sysconf("SC_CLK_TCK")

_LISTENER = """
import json, sys, time
from pathlib import Path
from scopecraft.config.paths import Home
from scopecraft.errors import SupervisorFailed
from scopecraft.supervisor import client
out = open(sys.argv[2], "w")
def heard(kind, data):
    if kind == "following":
        print("listening", flush=True)
    elif kind == "activities":
        for each in data:
            words = each["activity"]["last_message"].split()
            if words:
                out.write(f"{(time.monotonic() - float(words[0])) * 1000}\\n")
        out.flush()
try:
    client.ask(Home(Path(sys.argv[1])), "follow", {}, heard)
except SupervisorFailed:
    pass
"""


@contextmanager
def supervising(shop: Workshop) -> Iterator[int]:
    """Its pid."""
    shop.sc("up")
    try:
        yield int(client.ask(Home(shop.home), "health")["pid"])
    finally:
        shop.sc("down")


def ready_seconds() -> float:
    """With many ended sessions, from the start of the process until it answers."""
    with workshop() as shop:
        make_ended(shop)
        began = time.monotonic()
        shop.sc("up")
        taken = time.monotonic() - began
        shop.sc("down")
        return taken


def idle(seconds: int) -> tuple[float, float]:
    """The share of a core in percent, and its memory in MiB, with as many windows as containers."""
    with workshop() as shop, supervising(shop) as pid:
        shop.sc("queue", "limit", "--running", str(IDLE_SESSIONS))
        for number in range(IDLE_SESSIONS // 2):
            shop.sc("run", f"box-{number}", "--agent", "plain", "-m", "x", "--detach", "--", "sleep", "3600")
            shop.sc("dispatch", f"window-{number}", "--agent", "plain", "--", "sleep", "3600")
        time.sleep(3)  # until what came of the starts is over
        return share(pid, seconds), memory(pid)


def busy(sessions: int, lines: int, seconds: int) -> tuple[list[float], float]:
    """How long it took from each write to the event in another process, in milliseconds; the share of a core."""
    with workshop() as shop, supervising(shop) as pid:
        shop.sc("queue", "limit", "--running", str(sessions))
        (shop.home / "config" / "settings.toml").write_text(
            '[agents.idle]\ncommand = ["sh", "-c", "exec sleep 3600"]\n'
        )
        for number in range(sessions):
            shop.sc("run", f"box-{number}", "--agent", "idle", "-m", "x", "--detach")
        alive = shop.sc("ls").count(" running ")
        assert alive == sessions, f"{alive} sessions are alive"
        delays = shop.root / "delays"
        listener = subprocess.Popen(
            [sys.executable, "-c", _LISTENER, str(shop.home), str(delays)],
            env=shop.environment,
            stdout=subprocess.PIPE,
        )
        assert listener.stdout is not None
        listener.stdout.readline()
        writer = writer_of(shop.home / "sessions", lines, lines * seconds)
        used = share(pid, seconds)
        writer.wait()
        listener.terminate()
        listener.wait()
        return [float(line) for line in delays.read_text().split()], used


def share(pid: int, seconds: int) -> float:
    before, began = _ticks(pid), time.monotonic()
    time.sleep(seconds)
    return (_ticks(pid) - before) / TICKS / (time.monotonic() - began) * 100


def _ticks(pid: int) -> int:
    """Its own and those of the programs that it ran and waited for."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(fields[number]) for number in (11, 12, 13, 14))


def memory(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:"))


def figures(sessions: int, lines: int, seconds: int) -> list[Figure]:
    ready = ready_seconds()
    resting, memory = idle(seconds)
    delays, used = busy(sessions, lines, seconds)
    p99 = statistics.quantiles(delays, n=100)[98]
    what = f"{sessions} sessions, {lines} lines a second"
    return [
        Figure(f"sc up with {ENDED:,} ended sessions, until it answers", None, ready * 1000, "ms", "1,000 ms"),
        Figure(f"idle with {IDLE_SESSIONS} sessions: share of a core", None, resting, "%", "1 %"),
        Figure(f"idle with {IDLE_SESSIONS} sessions: memory", None, memory, "MB", "100 MB"),
        Figure(f"{what}: written -> event elsewhere, median", None, statistics.median(delays), "ms", ""),
        Figure(f"{what}: written -> event elsewhere, p99", None, p99, "ms", "50 ms"),
        Figure(f"{what}: share of a core", None, used, "%", "15 %"),
    ]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="What the supervisor costs, and how soon it tells.")
    parser.add_argument("--sessions", type=int, default=100)
    parser.add_argument("--lines", type=int, default=1000, help="a second, in all streams together")
    parser.add_argument("--seconds", type=int, default=20)
    options = parser.parse_args()
    print_figures(figures(options.sessions, options.lines, options.seconds))
