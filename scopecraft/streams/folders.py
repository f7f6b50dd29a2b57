"""Hearing of changes in folders through one watchdog observer. The only home of watchdog."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from scopecraft.model.event import Alert

if TYPE_CHECKING:
    from watchdog.events import FileSystemEvent, FileSystemEventHandler
    from watchdog.observers.api import BaseObserver, ObservedWatch


class FolderWatch:
    """Calls `changed` with each path that was written, made, moved or removed in a folder, not in its subfolders.

    `overflowed` is called when the system lost some of them. Both are called in threads of the observer's own; all
    folders share one inotify instance.
    """

    def __init__(self, changed: Callable[[str], None], overflowed: Callable[[], None]) -> None:
        self._changed = changed
        self._overflows = _Overflows(overflowed)
        self._running: tuple[BaseObserver, FileSystemEventHandler] | None = None
        self._watches: dict[Path, ObservedWatch] = {}

    def add(self, folder: Path) -> str:
        """Why it cannot be watched; empty when it is. It may be tried again."""
        from watchdog.events import FileCreatedEvent, FileDeletedEvent, FileModifiedEvent, FileMovedEvent

        # opening and closing count as events too unless they are filtered: a reader would wake itself for ever
        kinds: list[type[FileSystemEvent]] = [FileModifiedEvent, FileCreatedEvent, FileMovedEvent, FileDeletedEvent]
        try:
            observer, handler = self._started()
            self._watches[folder] = observer.schedule(handler, str(folder), event_filter=kinds)
        except OSError as error:
            return error.strerror or str(error)
        return ""

    def remove(self, folder: Path) -> None:
        watch = self._watches.pop(folder, None)
        if watch is not None and self._running is not None:
            self._running[0].unschedule(watch)

    def close(self) -> None:
        self._watches.clear()
        if self._running is not None:
            observer, _ = self._running
            observer.stop()
            observer.join()
            self._running = None
            self._overflows.stop()

    def _started(self) -> tuple[BaseObserver, FileSystemEventHandler]:
        if self._running is None:
            from watchdog.observers import Observer

            observer = Observer()
            observer.start()
            self._overflows.start()
            self._running = observer, _handler(self._changed)
        return self._running


def polled(seconds: float, reason: str) -> Alert:
    """Says that changes are looked for by the clock, and why."""
    return Alert("stream_polled", f"changes are looked for {1 / seconds:.0f} times a second: {reason}")


def _handler(changed: Callable[[str], None]) -> FileSystemEventHandler:
    from watchdog.events import FileSystemEventHandler

    class Handler(FileSystemEventHandler):
        def dispatch(self, event: FileSystemEvent) -> None:
            changed(os.fsdecode(event.src_path))
            if event.dest_path:
                changed(os.fsdecode(event.dest_path))

    return Handler()


class _Overflows(logging.Handler):
    """Watchdog tells of lost events in its log and nowhere else."""

    _LOG = "watchdog.observers.inotify_c"

    def __init__(self, overflowed: Callable[[], None]) -> None:
        super().__init__(logging.WARNING)
        self._overflowed = overflowed

    def start(self) -> None:
        logging.getLogger(self._LOG).addHandler(self)

    def stop(self) -> None:
        logging.getLogger(self._LOG).removeHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        if "overflow" in record.getMessage():
            self._overflowed()
