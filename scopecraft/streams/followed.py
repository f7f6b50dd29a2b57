"""One of many streams that are followed: its pieces, and how busy it is."""

from __future__ import annotations

from pathlib import Path

from scopecraft.errors import OperationFailed
from scopecraft.model.event import Alert
from scopecraft.streams.follow import Replaced, Tail
from scopecraft.streams.lines import Line

BUSY_READS = 5  # in a second

Piece = list[Line] | Replaced | Alert


class Followed:
    def __init__(self, path: Path, tail: Tail) -> None:
        self.path = str(path)
        self.folder = str(path.parent)
        self.tail = tail
        self._unreadable = ""  # what was told already
        self._second = 0.0
        self._reads = 0

    def read(self, most_bytes: int) -> list[Piece]:
        """Lines that stand together come together. A file that cannot be read says so once."""
        pieces: list[Piece] = []
        lines: list[Line] = []
        try:
            for item in self.tail.read(most_bytes):
                if isinstance(item, Line):
                    lines.append(item)
                    continue
                pieces += [lines, item] if lines else [item]
                lines = []
            self._unreadable = ""
        except OperationFailed as error:
            if self._unreadable != error.message:
                self._unreadable = error.message
                pieces.append(Alert("stream_unreadable", error.message))
        return [*pieces, lines] if lines else pieces

    def is_busy(self, now: float) -> bool:
        """Whether it was read so often of late that hearing of each change costs more than looking. Once a reading."""
        if now - self._second > 1.0:
            self._second, self._reads = now, 0
        self._reads += 1
        return self._reads >= BUSY_READS
