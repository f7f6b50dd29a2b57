"""Bytes in, lines out. Only `\\n` ends a line, nothing is decoded, and no line can stop the reading."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from scopecraft.errors import OperationFailed

LINE_BYTES = 16 * 1024 * 1024  # lines of 5 MB are normal; beyond this a line is named, but not held
KEPT_BYTES = 1024  # of a line that is too long
CHUNK_BYTES = 256 * 1024
NO_END = sys.maxsize


class Line(NamedTuple):
    """One line, byte for byte. A named tuple: frozen dataclasses would cost a tenth of all reading time."""

    number: int  # from 1
    offset: int  # of its first byte
    end: int  # of what follows it
    raw: bytes  # without the newline; only its beginning where it is oversized
    oversized: bool = False
    partial: bool = False  # the end of the stream so far: no newline yet


_new_line = tuple.__new__


class LineSplitter:
    """Cuts bytes into lines however they arrive; holds at most one half line of `line_bytes`."""

    def __init__(self, offset: int = 0, number: int = 1, *, line_bytes: int = LINE_BYTES) -> None:
        self._offset = offset
        self._number = number
        self._line_bytes = line_bytes
        self._held = bytearray()  # the half line, or the beginning of one that is too long
        self._seen_bytes = 0  # of the half line, held or not

    def feed(self, data: bytes) -> list[Line]:
        """The lines that these bytes complete."""
        pieces = data.split(b"\n")
        rest = pieces.pop()
        lines: list[Line] = []
        if pieces and self._seen_bytes:
            self._hold(pieces.pop(0))
            lines.append(self._take())
        number, offset, limit = self._number, self._offset, self._line_bytes
        for piece in pieces:
            end = offset + len(piece) + 1
            if len(piece) > limit:
                lines.append(Line(number, offset, end, piece[:KEPT_BYTES], True))
            else:
                # what Line() does, in half the time: this runs for every line
                lines.append(_new_line(Line, (number, offset, end, piece, False, False)))
            number += 1
            offset = end
        self._number, self._offset = number, offset
        if rest:
            self._hold(rest)
        return lines

    @property
    def rest(self) -> Line | None:
        """The half line after the last newline, if there is one."""
        if not self._seen_bytes:
            return None
        end = self._offset + self._seen_bytes
        return Line(self._number, self._offset, end, bytes(self._held), self._is_oversized(), True)

    def _is_oversized(self) -> bool:
        return self._seen_bytes > self._line_bytes

    def _hold(self, piece: bytes) -> None:
        self._seen_bytes += len(piece)
        if self._is_oversized():
            self._held += piece[:KEPT_BYTES]
            del self._held[KEPT_BYTES:]
        else:
            self._held += piece

    def _take(self) -> Line:
        end = self._offset + self._seen_bytes + 1
        line = Line(self._number, self._offset, end, bytes(self._held), self._is_oversized())
        self._number += 1
        self._offset = end
        self._held = bytearray()
        self._seen_bytes = 0
        return line


def open_stream(path: Path) -> int | None:
    """A descriptor to read from; None while there is no such file. Raises OperationFailed.

    An agent can write the folder that its stream stands in, so links are not followed and pipes not waited for.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise OperationFailed(f"cannot read {path}: {error.strerror}", "check who owns it") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OperationFailed(f"{path} is not a regular file", "whoever replaced it, it is not the stream any more")
    return descriptor


def read_chunk(descriptor: int, offset: int) -> bytes:
    """The bytes at `offset`, at most a chunk; empty at the end. Raises OperationFailed."""
    try:
        return os.pread(descriptor, CHUNK_BYTES, offset)
    except OSError as error:
        raise OperationFailed(f"cannot read the stream: {error.strerror}", "`sc doctor` checks the home") from error


def read_lines(path: Path, offset: int = 0, number: int = 1, *, end: int = NO_END) -> Iterator[Line]:
    """What stands in the file from `offset` on; a half line at its end comes last, marked `partial`.

    Nothing is read beyond `end`, give or take a chunk. Memory stays constant. A file that is not there has no lines.
    Raises OperationFailed.
    """
    descriptor = open_stream(path)
    if descriptor is None:
        return
    splitter = LineSplitter(offset, number)
    try:
        while offset < end and (data := read_chunk(descriptor, offset)):
            offset += len(data)
            yield from splitter.feed(data)
    finally:
        os.close(descriptor)
    if splitter.rest is not None:
        yield splitter.rest
