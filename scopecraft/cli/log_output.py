"""Ways to print a stream: as entries that a person reads, or as the bytes that the agent wrote."""

from __future__ import annotations

import codecs
import sys

from scopecraft.cli.entries import lines_of
from scopecraft.cli.terminal import has_colour, is_terminal, width_of
from scopecraft.model import clock
from scopecraft.model.activity import Entry, Trouble
from scopecraft.model.text import clean
from scopecraft.streams.activity import ActivityFold, Reader
from scopecraft.streams.lines import Line


class ReadableOutput:
    """Prints entries as lines, on stdout."""

    def __init__(self, read: Reader, *, full: bool) -> None:
        self._fold = ActivityFold(read)
        self._full = full
        self._colour = has_colour(sys.stdout)

    def show(self, line: Line, *, is_growing: bool, is_new: bool = False) -> None:
        """`is_growing`: half a record is no damage, since the other half may still come. `is_new`: print the time."""
        at = f"{clock.now().astimezone():%H:%M:%S}" if is_new else ""
        for entry in self._fold.feed(line):
            if not (line.partial and is_growing and isinstance(entry, Trouble)):
                self._write(entry, at)

    def end(self) -> None:
        """What was held back because more of it might have come."""
        for entry in self._fold.held_back():
            self._write(entry)

    def _write(self, entry: Entry, at: str = "") -> None:
        for text in lines_of(entry, width=width_of(sys.stdout), colour=self._colour, at=at, full=self._full):
            sys.stdout.write(text + "\n")


class RawOutput:
    """Every byte as it was written; on a terminal as text, in which what would steer it is written out."""

    def __init__(self) -> None:
        self._escaped = is_terminal(sys.stdout)
        self._decoder = codecs.getincrementaldecoder("utf-8")("backslashreplace")

    def show(self, data: bytes) -> None:
        if self._escaped:
            sys.stdout.write(clean(self._decoder.decode(data)))
        else:
            sys.stdout.buffer.write(data)
        sys.stdout.flush()
