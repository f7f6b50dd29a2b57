"""Watching many streams: from a write to the parsed entry, and what the watcher needs of a core meanwhile.

    python -m bench.monitor [--files N] [--lines N] [--seconds N]

Another process writes to all of the files in turn; each line carries the time at which it was written. The floor is a
watcher that does nothing with what watchdog tells it.
"""

from __future__ import annotations

import argparse
import math
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from bench.measure import Figure, print_figures
from scopecraft.agents.base import dialect
from scopecraft.model.activity import Message
from scopecraft.streams.activity import ActivityFold
from scopecraft.streams.many import StreamsWatch

IDLE_FILES = 50
P99_GOAL_MS = 50
SHARE_GOAL = 15  # percent of a core
IDLE_GOAL = 1

_WRITER = """
import json, sys, time
from pathlib import Path
files = [open(path, "ab", buffering=0) for path in Path(sys.argv[1]).glob("*/stream.jsonl")]
pause, total, begun = 1 / float(sys.argv[2]), int(sys.argv[3]), time.monotonic()
for number in range(total):
    time.sleep(max(0, begun + number * pause - time.monotonic()))
    words = {"type": "text", "text": f"{time.monotonic()!r} " + "x" * 400}
    line = {"type": "assistant", "message": {"id": f"m{number}", "role": "assistant", "content": [words]}}
    files[number % len(files)].write(json.dumps(line).encode() + b"\\n")
"""


@dataclass(frozen=True, slots=True)
class Measured:
    delays_ms: list[float]
    share: float  # of a core, in percent

    def percentile(self, percent: int) -> float:
        ordered = sorted(self.delays_ms)
        return ordered[min(len(ordered) - 1, math.ceil(len(ordered) * percent / 100))]


def make_files(folder: Path, count: int) -> list[Path]:
    paths = [folder / f"r-{number:016x}" / "stream.jsonl" for number in range(count)]
    for path in paths:
        path.parent.mkdir()
        path.touch()
    return paths


def writer_of(folder: Path, lines_a_second: int, total: int) -> subprocess.Popen[bytes]:
    """A process that writes to all streams below the folder in turn."""
    return subprocess.Popen([sys.executable, "-c", _WRITER, str(folder), str(lines_a_second), str(total)])


def busy(folder: Path, files: int, lines_a_second: int, seconds: int) -> Measured:
    claude = dialect("claude")
    total, seen = lines_a_second * seconds, 0
    delays: list[float] = []
    with StreamsWatch() as watch:
        folds = {}
        for path in make_files(folder, files):
            watch.add(path.parent.name, path)
            folds[path.parent.name] = ActivityFold(claude.entries)
        watch.read()
        writer = writer_of(folder, lines_a_second, total)
        used, began = time.process_time(), time.monotonic()
        while seen < total:
            if not watch.wait(10):
                break
            for key, piece in watch.read():
                for line in piece if isinstance(piece, list) and key is not None else ():
                    for entry in folds[key or ""].feed(line):
                        seen += 1
                        if isinstance(entry, Message):
                            delays.append((time.monotonic() - float(entry.text.split()[0])) * 1000)
        share = (time.process_time() - used) / (time.monotonic() - began) * 100
        writer.wait()
    if seen != total:
        raise SystemExit(f"{total - seen} of {total} lines were never seen")
    return Measured(delays, share)


def idle(folder: Path, seconds: int) -> float:
    """The share of a core, in percent, while nothing happens."""
    with StreamsWatch() as watch:
        for path in make_files(folder, IDLE_FILES):
            watch.add(path.parent.name, path)
        watch.read()
        used, end = time.process_time(), time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if watch.wait(left):
                watch.read()
        return (time.process_time() - used) / seconds * 100


def floor(folder: Path, files: int, lines_a_second: int, seconds: int) -> float:
    """The same writes, with nobody who reads: what watchdog alone needs."""
    from scopecraft.streams.folders import FolderWatch

    watch = FolderWatch(lambda _: None, lambda: None)
    for path in make_files(folder, files):
        watch.add(path.parent)
    total = lines_a_second * seconds
    used, began = time.process_time(), time.monotonic()
    subprocess.run([sys.executable, "-c", _WRITER, str(folder), str(lines_a_second), str(total)], check=True)
    share = (time.process_time() - used) / (time.monotonic() - began) * 100
    watch.close()
    return share


def main() -> int:
    parser = argparse.ArgumentParser(description="How soon a write is known, and at what cost.")
    parser.add_argument("--files", type=int, default=100)
    parser.add_argument("--lines", type=int, default=1000, help="a second, in all files together")
    parser.add_argument("--seconds", type=int, default=10)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        parts = [Path(folder) / name for name in ("floor", "busy", "idle")]
        for part in parts:
            part.mkdir()
        alone = floor(parts[0], options.files, options.lines, options.seconds)
        told = busy(parts[1], options.files, options.lines, options.seconds)
        rest = idle(parts[2], options.seconds)
    p99 = told.percentile(99)
    what = f"{options.files} streams, {options.lines} lines a second"
    print_figures(
        [
            Figure(f"{what}: written -> entry, median", None, statistics.median(told.delays_ms), "ms", ""),
            Figure(f"{what}: written -> entry, p99", None, p99, "ms", f"{P99_GOAL_MS} ms"),
            Figure(f"{what}: share of a core", alone, told.share, "%", f"{SHARE_GOAL} %"),
        ]
    )
    print(f"{IDLE_FILES} idle streams: {rest:.2f} % of a core, goal {IDLE_GOAL} %")
    return 0 if p99 < P99_GOAL_MS and told.share < SHARE_GOAL and rest < IDLE_GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
