"""A shell command of a person's, run on this machine with a time limit. Ended at that, all that it started ends.

What one leaves running in the background when it ends by itself is meant to: a database for the tests, say.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from scopecraft.errors import SetupFailed

PART_BYTES = 65536
GRACE_SECONDS = 5
LOOK_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class HostCommand:
    script: str
    cwd: Path
    env: Mapping[str, str]
    seconds: float
    should_end: Callable[[], bool] = lambda: False  # asked now and then


def run_on_host(command: HostCommand, hear: Callable[[bytes], None]) -> int | None:
    """Its exit code, negative for a signal; None when it was ended at its time, or asked to.

    Raises SetupFailed where it cannot run. `hear` gets what it prints, both outputs in the order of writing. Standard
    input is empty.
    """
    try:
        running = subprocess.Popen(
            ["/bin/sh", "-e", "-c", command.script],
            cwd=command.cwd,
            env=dict(command.env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as error:
        raise SetupFailed(f"the command could not be started in {command.cwd}: {error.strerror}") from error
    with running:
        try:
            return _follow(running, command, hear)
        finally:
            if running.poll() is None:
                _end_group(running)


def _follow(running: subprocess.Popen[bytes], command: HostCommand, hear: Callable[[bytes], None]) -> int | None:
    assert running.stdout is not None
    deadline = time.monotonic() + command.seconds
    output = running.stdout.fileno()
    os.set_blocking(output, False)
    with selectors.PollSelector() as selector:
        selector.register(output, selectors.EVENT_READ)
        while time.monotonic() < deadline and not command.should_end():
            has_more = bool(selector.select(LOOK_SECONDS))
            # asked before reading: what it wrote before it ended is there now
            code = running.poll()
            data = _read(output) if has_more else b""
            if data:
                hear(data)
            elif has_more:  # everybody has closed it
                selector.unregister(output)
                return _awaited(running, deadline)
            elif code is not None:
                return code  # what it left running may hold its output open for ever
    return None


def _awaited(running: subprocess.Popen[bytes], deadline: float) -> int | None:
    try:
        return running.wait(max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        return None


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, PART_BYTES)
    except BlockingIOError:
        return b""


def _end_group(running: subprocess.Popen[bytes]) -> None:
    """All of its group, politely, then hard."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(running.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            running.wait(GRACE_SECONDS)
            return
