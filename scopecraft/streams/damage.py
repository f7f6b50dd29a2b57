"""Lines that could not be read: they are named, counted and stop nothing."""

from __future__ import annotations

from scopecraft.model.activity import Activity, StreamError, Trouble
from scopecraft.model.text import clean_line
from scopecraft.streams.lines import Line

KEPT_LINES = 100
SHOWN_CHARACTERS = 120


class Damage:
    def __init__(self, seen: Activity) -> None:
        self.count = seen.damaged_count
        self.lines = list(seen.damaged_lines)  # numbers of the first ones

    def add(self, line: Line) -> Trouble:
        self.count += 1
        if len(self.lines) < KEPT_LINES:
            self.lines.append(line.number)
        return Trouble(StreamError("warning", f"{what_is_wrong(line)}: {_beginning(line)}", line.number))


def half_a_line(line: Line) -> Trouble:
    """What stands at the end of a stream, and is no record yet."""
    return Trouble(StreamError("warning", f"{what_is_wrong(line)}: {_beginning(line)}", line.number))


def what_is_wrong(line: Line) -> str:
    """Of a line that is no record."""
    if line.partial:
        return "the stream ends in half a line"
    return f"{line.end - line.offset:,} bytes in one line, too many to read" if line.oversized else "not a record"


def _beginning(line: Line) -> str:
    return clean_line(line.raw[: SHOWN_CHARACTERS * 4].decode("utf-8", "replace"), SHOWN_CHARACTERS)
