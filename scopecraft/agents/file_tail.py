"""The end of a file that another program appends to, and perhaps replaced by something else."""

from __future__ import annotations

import os
import stat
from pathlib import Path

TAIL_BYTES = 64 * 1024
TAIL_LINES = 64


def last_lines(path: Path, *, most_bytes: int = TAIL_BYTES, most_lines: int = TAIL_LINES) -> list[bytes]:
    """Its last complete lines, so many as stand in the last bytes; none for what cannot be read."""
    tail, begins_whole = read_tail(path, most_bytes)
    lines = tail.split(b"\n")
    lines.pop()  # nothing, or half a line
    return lines[-most_lines:] if begins_whole else lines[1:][-most_lines:]


def read_tail(path: Path, limit: int) -> tuple[bytes, bool]:
    """The last bytes of a regular file, and whether that is all of it; an agent may have put a link or a pipe there."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return b"", True
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            return b"", True
        begin = max(0, status.st_size - limit)
        return os.pread(descriptor, limit, begin), begin == 0
    except OSError:
        return b"", True
    finally:
        os.close(descriptor)
