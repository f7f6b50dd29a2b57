"""Where the last lines of a stream begin, without reading what stands before them more than once."""

from __future__ import annotations

import os
from pathlib import Path

from scopecraft.streams.lines import CHUNK_BYTES, NO_END, open_stream, read_chunk


def last_lines(path: Path, count: int, *, end: int = NO_END) -> tuple[int, int]:
    """Offset and number (from 1) of the first of the last `count` lines; a half line at the end is one of them.

    Those before `end`, where the file goes beyond it. The beginning of the file where it has no more lines than that,
    or is not there. Raises OperationFailed.
    """
    descriptor = open_stream(path)
    if descriptor is None:
        return 0, 1
    try:
        size = min(os.fstat(descriptor).st_size, end)
        offset = _search_back(descriptor, size, count)
        return offset, 1 + _newlines_before(descriptor, offset)
    finally:
        os.close(descriptor)


def _search_back(descriptor: int, size: int, count: int) -> int:
    if count <= 0:
        return size
    # the newline that ends the last line begins none
    position, wanted = size - 1, count
    while position > 0:
        start = max(0, position - CHUNK_BYTES)
        chunk = os.pread(descriptor, position - start, start)
        found = len(chunk)
        while (found := chunk.rfind(b"\n", 0, found)) >= 0:
            wanted -= 1
            if wanted == 0:
                return start + found + 1
        position = start
    return 0


def _newlines_before(descriptor: int, end: int) -> int:
    count = offset = 0
    while offset < end and (data := read_chunk(descriptor, offset)):
        count += data.count(b"\n", 0, end - offset)
        offset += len(data)
    return count
