"""A real supervisor of the test's home, as a process of its own; ended by its pid, whatever the test did."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scopecraft.config.paths import Home, home_of
from scopecraft.errors import SupervisorFailed
from scopecraft.supervisor import client
from scopecraft.supervisor.holder import read_holder
from tests.support.command_line import PROGRAM, environment
from tests.support.documents import ROOT

START_SECONDS = 20.0
PLAYED = (*PROGRAM[:-1], "tests.support.played_supervisor")


@dataclass
class Supervisor:
    """It answers when a test gets it. `said` is the file that its standard error goes to."""

    home: Home
    process: subprocess.Popen[bytes]
    said: Path

    @property
    def pid(self) -> int:
        return self.process.pid

    def ask(
        self,
        name: str,
        body: Mapping[str, Any] | None = None,
        heard: Callable[[str, Any], None] | None = None,
        seconds: float | None = 30.0,
    ) -> dict[str, Any]:
        return client.ask(self.home, name, body, heard, seconds)

    def signal(self, number: signal.Signals) -> None:
        if self.process.poll() is None:
            self.process.send_signal(number)

    def kill(self) -> None:
        """SIGKILL; it is gone afterwards."""
        self.signal(signal.SIGKILL)
        self.wait_gone()

    def terminate(self) -> None:
        """SIGTERM; returns at once."""
        self.signal(signal.SIGTERM)

    def wait_gone(self, seconds: float = 30.0) -> int:
        """Its exit code, negative for a signal."""
        return self.process.wait(seconds)

    @property
    def is_gone(self) -> bool:
        return self.process.poll() is not None


@contextmanager
def running_supervisor(
    home: Path | None = None, program: Sequence[str] = (*PROGRAM, "serve"), **env: str
) -> Iterator[Supervisor]:
    """Of `home`, or of the test's own; `env` is added to its environment. It may be gone when the test ends."""
    of = Home(home.resolve()) if home is not None else home_of(os.environ)
    supervisor = started(of, program, **env)
    try:
        answering(supervisor)
        yield supervisor
    finally:
        # a stopped one cannot hear SIGTERM, and one that is left to its grace would outlive the test
        supervisor.kill()


def played_supervisor(*words: str) -> AbstractContextManager[Supervisor]:
    """One of the test's home whose duties are played: see tests/support/played_supervisor.py."""
    return running_supervisor(None, (*PLAYED, *words), PYTHONPATH=str(ROOT))


def started(home: Home, program: Sequence[str] = (*PROGRAM, "serve"), **env: str) -> Supervisor:
    """Started, and not waited for; the caller ends it."""
    environ = {**environment(**env), "SCOPECRAFT_HOME": str(home.root)}
    if "SCOPECRAFT_SUPERVISOR" not in env:
        environ.pop("SCOPECRAFT_SUPERVISOR", None)
    said = home.root / f"supervisor-said-{time.monotonic_ns()}"
    with said.open("wb") as output:
        process = subprocess.Popen(program, env=environ, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    return Supervisor(home, process, said)


def answering(supervisor: Supervisor, seconds: float = START_SECONDS) -> None:
    """Wait until that very one answers and has begun its duties. AssertionError, with its words, when it does not."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and not supervisor.is_gone:
        holder = read_holder(supervisor.home)
        if holder is not None and holder.pid == supervisor.pid and holder.socket:
            try:
                if supervisor.ask("health", seconds=5.0)["loop"] is not None:
                    return
            except SupervisorFailed:
                pass
        time.sleep(0.01)
    raise AssertionError(f"no supervisor came up: {supervisor.said.read_text(errors='replace')[-3000:]}")
