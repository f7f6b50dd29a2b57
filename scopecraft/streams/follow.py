"""Following a stream that grows: its lines as they come, until its writer is gone."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from scopecraft.errors import OperationFailed
from scopecraft.model.event import Alert
from scopecraft.streams.lines import NO_END, Line, LineSplitter, open_stream, read_chunk
from scopecraft.streams.monitor import watching

TICK_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Tick:
    """Time went by; everything that stood in the file was given out."""


@dataclass(frozen=True, slots=True)
class Replaced:
    """Somebody changed the past: the file is shorter than what was read of it, is another file, or is not there.

    Reading goes on at the end of what is there now, so that no line comes twice.
    """

    why: Literal["truncated", "replaced", "removed"]
    offset: int  # how far it was read before


Followed = Line | Tick | Replaced | Alert


def follow(
    path: Path,
    *,
    stop: Callable[[], bool],
    offset: int = 0,
    number: int = 1,
    end: int = NO_END,
    tick_seconds: float = TICK_SECONDS,
) -> Iterator[Followed]:
    """Lines from `offset` on (`number` is the first one's), a Tick every `tick_seconds`, a Replaced or Alert if due.

    Wakes when something is written. `stop` says that the writer is gone; it is asked before every Tick, not more often.
    Then what is left is read, the half line at the end comes as a partial Line, and that is all. The file need not be
    there at the beginning; nothing is read beyond `end`, give or take a chunk. Raises OperationFailed.
    """
    with watching(path) as wakeups:
        if wakeups.alert is not None:
            yield wakeups.alert
        tail = Tail(path, offset, number, end=end)
        try:
            due = time.monotonic()
            while True:
                is_due = time.monotonic() >= due
                # asked before reading: what it wrote last is there by then
                ended = is_due and stop()
                yield from tail.read()
                if ended:
                    break
                if is_due:
                    due = time.monotonic() + tick_seconds
                    yield Tick()
                wakeups.wait(due - time.monotonic())
            if tail.rest is not None:
                yield tail.rest
        finally:
            tail.close()


class Tail:
    """What is new in a file since one last read. Holds it open, so that a removed file can be read to its end."""

    def __init__(self, path: Path, offset: int = 0, number: int = 1, *, end: int = NO_END) -> None:
        self._end = end
        self._path = path
        self._offset = offset
        self._number = number
        self._splitter = LineSplitter(offset, number)
        self._descriptor: int | None = None
        self._is_removed = False
        self.is_behind = False  # the last reading stopped before the end

    @property
    def offset(self) -> int:
        return self._offset

    @property
    def rest(self) -> Line | None:
        return self._splitter.rest

    def read(self, most_bytes: int = NO_END) -> Iterator[Line | Replaced]:
        """All that is new, or the first `most_bytes` of it, give or take a chunk. Raises OperationFailed."""
        if self._descriptor is None:
            self._descriptor = open_stream(self._path)
        if self._descriptor is None:
            return
        yield from self._truncated(self._descriptor)
        yield from self._lines(self._descriptor, most_bytes)
        if not self.is_behind:  # what is left of this file would be lost
            yield from self._replaced(self._descriptor)

    def is_changed(self) -> bool:
        """Whether there is something to read, for the price of two looks at the file; never raises."""
        try:
            there = self._path.lstat()
        except OSError:
            return self._descriptor is not None and not self._is_removed
        if self._descriptor is None:
            return True
        held = os.fstat(self._descriptor)
        if held.st_size < self._offset or held.st_size > self._offset < self._end:
            return True
        # what is no file any more was told once
        return not os.path.samestat(there, held) and (stat.S_ISREG(there.st_mode) or not self._is_removed)

    def close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _lines(self, descriptor: int, most_bytes: int) -> Iterator[Line]:
        self.is_behind = False
        stop = self._offset + most_bytes
        while self._offset < self._end and (data := read_chunk(descriptor, self._offset)):
            self._offset += len(data)
            for line in self._splitter.feed(data):
                self._number = line.number + 1
                yield line
            if self._offset >= stop:
                self.is_behind = True  # or just at the end: the next reading tells
                return

    def _truncated(self, descriptor: int) -> Iterator[Replaced]:
        size = os.fstat(descriptor).st_size
        if size < self._offset:
            yield self._go_on_at(size, "truncated")

    def _replaced(self, descriptor: int) -> Iterator[Replaced]:
        try:
            if os.path.samestat(self._path.lstat(), os.fstat(descriptor)):
                return
            other = open_stream(self._path)
        except (OSError, OperationFailed):
            other = None  # nothing stands there, or a link or a pipe: what was there can still be read to its end
        if other is not None:
            os.close(descriptor)
            self._descriptor = other
            self._is_removed = False
            yield self._go_on_at(os.fstat(other).st_size, "replaced")
        elif not self._is_removed:
            self._is_removed = True
            yield Replaced("removed", self._offset)

    def _go_on_at(self, size: int, why: Literal["truncated", "replaced"]) -> Replaced:
        marker = Replaced(why, self._offset)
        self._offset = size
        self._splitter = LineSplitter(size, self._number)
        return marker
