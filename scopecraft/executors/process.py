"""A session that is a process of this machine, apart from whoever started it: a call of a model."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from scopecraft.errors import StartFailed
from scopecraft.executors.processes import end_session, start_time
from scopecraft.model.handle import Alive, Exited, Gone, Look, ProcessHandle


@dataclass(frozen=True, slots=True)
class ProcessLaunch:
    """`log` takes what it prints, on both streams."""

    argv: tuple[str, ...]
    env: Mapping[str, str] = field(repr=False)
    cwd: Path
    log: Path


class ProcessExecutor:
    """Of this machine; `boot_id` is the kernel's name for this run of it."""

    def __init__(self, boot_id: str) -> None:
        self._boot_id = boot_id

    def start(self, launch: ProcessLaunch) -> ProcessHandle:
        """In a session of its own, so that neither our end nor our terminal's is its own. Raises StartFailed."""
        try:
            with launch.log.open("ab") as log:
                process = subprocess.Popen(
                    launch.argv,
                    cwd=launch.cwd,
                    env=dict(launch.env),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
        except OSError as error:
            raise StartFailed(f"{launch.argv[0]} cannot be started: {error.strerror}") from error
        started = start_time(process.pid)
        # should we outlive it, it does not stay behind as a zombie
        threading.Thread(target=process.wait, name="collect", daemon=True).start()
        if started is None:
            raise StartFailed("the process ended as soon as it was started", f"what it said: {launch.log}")
        return ProcessHandle(process.pid, started, self._boot_id)

    def myself(self) -> ProcessHandle:
        """Of the process that asks."""
        return ProcessHandle(os.getpid(), start_time(os.getpid()) or 0, self._boot_id)

    def look(self, handle: ProcessHandle) -> Look:
        """Its exit code is what it wrote down itself: nobody else waits for it."""
        if handle.boot_id != self._boot_id:
            return Gone("the machine was restarted")
        return Alive() if start_time(handle.pid) == handle.started else Exited(None)

    def stop(self, handle: ProcessHandle, *, grace_seconds: float) -> None:
        """Politely, then hard after the grace period; one that is gone already is fine."""
        if handle.boot_id == self._boot_id:
            end_session(handle.pid, handle.started, grace_seconds=grace_seconds)
