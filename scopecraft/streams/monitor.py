"""Waking up when one file changes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scopecraft.errors import OperationFailed
from scopecraft.model.event import Alert
from scopecraft.streams.folders import FolderWatch, polled

POLL_SECONDS = 0.2


class Wakeups:
    """Changes of one file, however many, since one last waited. `alert` says why they come late, if they do."""

    def __init__(self) -> None:
        self._changed = threading.Event()
        self.alert: Alert | None = None

    def wait(self, seconds: float) -> None:
        """Until there is a change, at most that long; not at all if there was one already."""
        most = seconds if self.alert is None else min(seconds, POLL_SECONDS)
        self._changed.wait(max(0.0, most))
        self._changed.clear()

    def notice(self) -> None:
        self._changed.set()


@contextmanager
def watching(path: Path) -> Iterator[Wakeups]:
    """Wake-ups for as long as the block runs; the file need not be there, but its folder must. Raises OperationFailed.

    Where the system has no more watches to give, they come by the clock and `alert` says so.
    """
    target = str(path.absolute())
    folder = path.absolute().parent
    if not folder.is_dir():
        raise OperationFailed(f"cannot watch {folder}: no such folder", "is the session's folder there?")
    wakeups = Wakeups()

    def changed(name: str) -> None:
        if name == target:
            wakeups.notice()

    watch = FolderWatch(changed, wakeups.notice)
    try:
        reason = watch.add(folder)
        if reason:
            wakeups.alert = polled(POLL_SECONDS, reason)
        yield wakeups
    finally:
        watch.close()
