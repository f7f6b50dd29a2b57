"""Waking up when a file changes. The only home of watchdog."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from scopecraft.errors import OperationFailed
from scopecraft.model.event import Alert

if TYPE_CHECKING:
    from watchdog.observers.api import BaseObserver

POLL_SECONDS = 0.2


class Wakeups:
    """Changes of one file, however many, since one last waited. `alert` says why they come late, if they do."""

    def __init__(self) -> None:
        self._changed = threading.Event()
        self.alert: Alert | None = None

    def wait(self, seconds: float) -> bool:
        """Whether there was a change within the time; at once if there was one already."""
        changed = self._changed.wait(max(0.0, seconds))
        self._changed.clear()
        return changed

    def notice(self) -> None:
        self._changed.set()


@contextmanager
def watching(path: Path) -> Iterator[Wakeups]:
    """Wake-ups for as long as the block runs; the file need not be there, but its folder must. Raises OperationFailed.

    Where the system has no more watches to give, the folder is polled and `alert` says so.
    """
    wakeups = Wakeups()
    observer = _observe(path.absolute(), wakeups)
    try:
        yield wakeups
    finally:
        observer.stop()
        observer.join()


def _observe(target: Path, wakeups: Wakeups) -> BaseObserver:
    from watchdog.observers import Observer
    from watchdog.observers.polling import PollingObserver

    try:
        return _started(Observer(), target, wakeups)
    except OSError as error:
        reason = error.strerror or str(error)
    # set down here, outside of the handler: a missing folder fails again and is then no question of watches
    wakeups.alert = Alert("stream_polled", f"changes are looked for {1 / POLL_SECONDS:.0f} times a second: {reason}")
    try:
        return _started(PollingObserver(timeout=POLL_SECONDS), target, wakeups)
    except OSError as error:
        raise OperationFailed(
            f"cannot watch {target.parent}: {error.strerror}", "is the session's folder there?"
        ) from error


def _started(observer: BaseObserver, target: Path, wakeups: Wakeups) -> BaseObserver:
    from watchdog.events import (
        FileCreatedEvent,
        FileDeletedEvent,
        FileModifiedEvent,
        FileMovedEvent,
        FileSystemEvent,
        FileSystemEventHandler,
    )

    class Handler(FileSystemEventHandler):
        def dispatch(self, event: FileSystemEvent) -> None:
            if str(target) in (os.fsdecode(event.src_path), os.fsdecode(event.dest_path)):
                wakeups.notice()

    # opening and closing count as events too unless they are filtered: a reader would wake itself for ever
    kinds: list[type[FileSystemEvent]] = [FileModifiedEvent, FileCreatedEvent, FileMovedEvent, FileDeletedEvent]
    observer.start()
    try:
        observer.schedule(Handler(), str(target.parent), event_filter=kinds)
    except OSError:
        observer.stop()
        observer.join()
        raise
    return observer
