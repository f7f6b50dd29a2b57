"""A process with a number that another one had before it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.engine import unavailable

LAST = Path("/proc/sys/kernel/ns_last_pid")
MOST_TRIES = 500  # another process of the machine may take the number first, and go again


@contextmanager
def process_of_pid(pid: int) -> Iterator[subprocess.Popen[bytes]]:
    """It sleeps until the block is over. Skips the test where nobody may say what the next number is."""
    process = _process(pid)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _process(pid: int) -> subprocess.Popen[bytes]:
    for _ in range(MOST_TRIES):
        try:
            LAST.write_text(str(pid - 1))
        except OSError as error:
            unavailable(f"the number of the next process cannot be set: {error}")
        process = subprocess.Popen(["sleep", "600"], stdin=subprocess.DEVNULL)
        if process.pid == pid:
            return process
        process.kill()
        process.wait()
    raise AssertionError(f"no process got the number {pid}")
