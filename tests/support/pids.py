"""A process with a number that another one had before it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.engine import unavailable
from tests.support.wait import until

LAST = Path("/proc/sys/kernel/ns_last_pid")
FREE_SECONDS = 20  # a zombie of its group keeps the number, and another process may take it first and go again


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
    def tried() -> subprocess.Popen[bytes] | None:
        try:
            LAST.write_text(str(pid - 1))
        except OSError as error:
            unavailable(f"the number of the next process cannot be set: {error}")
        process = subprocess.Popen(["sleep", "600"], stdin=subprocess.DEVNULL)
        if process.pid == pid:
            return process
        process.kill()
        process.wait()
        return None

    return until(tried, FREE_SECONDS, what=f"a process to get the number {pid}")
