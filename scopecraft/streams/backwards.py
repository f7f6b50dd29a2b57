"""Lines of a file from a place back, without reading what stands before them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

from scopecraft.streams.lines import CHUNK_BYTES, KEPT_BYTES, LINE_BYTES, Line, read_chunk


def lines_before(
    descriptor: int,
    place: int,
    size: int,
    *,
    may_hold: Callable[[bytes], bool] | None = None,
    chunk_bytes: int = CHUNK_BYTES,
    line_bytes: int = LINE_BYTES,
) -> Iterator[Line | int]:
    """Lines that begin before the place, the last one first; their numbers are 0. Raises OperationFailed.

    Of a line that the place stands in, all is told that stands before `size`. A number says how far back the reading
    has come where there are no lines to tell: within a very long one, or where `may_hold` says of many lines at once
    that none is wanted. Whoever stops there may go on from it.
    """
    position = place
    while position > 0:
        start = max(0, position - chunk_bytes)
        chunk = _read(descriptor, start, position)
        # the newline at the very end closes the last line, and begins none
        first = 0 if start == 0 else chunk.find(b"\n", 0, len(chunk) - 1) + 1
        if start and not first:
            while start > 0:
                earlier = max(0, start - chunk_bytes)
                found = _read(descriptor, earlier, start).rfind(b"\n")
                start = earlier + found + 1 if found >= 0 else earlier
                if found >= 0:
                    break
                if start and position - start > line_bytes + 1:
                    yield start + 1  # within the line, should it begin right here
            yield _line_at(descriptor, start, size, position, line_bytes)
            position = start
            continue
        block, position = chunk[first:], start + first
        if may_hold is not None and block.endswith(b"\n") and not may_hold(block):
            yield position
        else:
            yield from _lines_of(descriptor, block, position, size, line_bytes)


def next_beginning(descriptor: int, place: int, most_bytes: int) -> int:
    """Where the first line at the place or after it begins; how far was looked, where none begins so soon."""
    if place == 0 or os.pread(descriptor, 1, place - 1) == b"\n":
        return place
    reached = place
    while reached - place < most_bytes and (data := read_chunk(descriptor, reached)):
        found = data.find(b"\n")
        if found >= 0:
            return reached + found + 1
        reached += len(data)
    return reached


def _lines_of(descriptor: int, block: bytes, offset: int, size: int, line_bytes: int) -> Iterator[Line]:
    pieces = block.split(b"\n")
    end = offset + len(block)
    last = pieces.pop()
    if last:  # it goes on behind the place, or ends the file
        yield _line_at(descriptor, end - len(last), size, end, line_bytes)
        end -= len(last)
    for piece in reversed(pieces):
        begin = end - len(piece) - 1
        is_long = len(piece) > line_bytes
        yield Line(0, begin, end, piece[:KEPT_BYTES] if is_long else piece, is_long)
        end = begin


def _line_at(descriptor: int, offset: int, size: int, known_end: int, line_bytes: int) -> Line:
    held = bytearray()
    is_whole = False
    while not is_whole and len(held) <= line_bytes and (position := offset + len(held)) < size:
        data = read_chunk(descriptor, position)[: size - position]
        if not data:
            break
        piece, newline, _ = data.partition(b"\n")
        held += piece
        is_whole = bool(newline)
    end = offset + len(held) + is_whole
    if len(held) > line_bytes:
        return Line(0, offset, max(known_end, end), bytes(held[:KEPT_BYTES]), True)
    return Line(0, offset, end, bytes(held), partial=not is_whole)


def _read(descriptor: int, start: int, end: int) -> bytes:
    """Zeros in place of what was taken away meanwhile: the file became shorter."""
    data = read_chunk(descriptor, start)[: end - start]
    return data.ljust(end - start, b"\0")
