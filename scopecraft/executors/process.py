"""A session that is a process of this machine, apart from whoever started it: a call of a model."""

from __future__ import annotations

from pathlib import Path

from scopecraft.executors.processes import end_session, start_time
from scopecraft.model.handle import Alive, Exited, Gone, Look, ProcessHandle


class ProcessExecutor:
    """Of this machine; `boot_id` is the kernel's name for this run of it."""

    def __init__(self, boot_id: str) -> None:
        self._boot_id = boot_id

    def look(self, handle: ProcessHandle) -> Look:
        """Its exit code is what it wrote down itself: nobody else waits for it."""
        if handle.boot_id != self._boot_id:
            return Gone("the machine was restarted")
        return Alive() if start_time(handle.pid) == handle.started and not _is_zombie(handle.pid) else Exited(None)

    def stop(self, handle: ProcessHandle, *, grace_seconds: float) -> None:
        """Politely, then hard after the grace period; one that is gone already is fine."""
        if handle.boot_id == self._boot_id:
            end_session(handle.pid, handle.started, grace_seconds=grace_seconds)


def _is_zombie(pid: int) -> bool:
    """It has ended, and whoever started it has not noticed."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (OSError, IndexError):
        return False
