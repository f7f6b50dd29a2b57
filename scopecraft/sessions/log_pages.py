"""Pages of a log: some rows before a place in the stream, or from it on, however long the stream is.

A place is a byte. Lines that begin before it are before it, all others are after it: so two pages that share a place
have every line exactly once, whatever the place is. Nothing is counted from the beginning, and no page reads more than
its budget: where that is used up before there are enough rows, the page says where to go on.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from scopecraft.sessions.entry_words import Kind, Said
from scopecraft.sessions.log_rows import Row, RowReader
from scopecraft.streams.backwards import lines_before, next_beginning
from scopecraft.streams.lines import NO_END, Line, LineSplitter, open_stream, read_chunk

USUAL_ROWS = 200
PARSED_BYTES = 8 * 1024**2  # for one page: a twentieth of a second
READ_BYTES = 64 * 1024**2  # where most of them need not be parsed, since a word is missing
_WORD = re.compile(r"[a-z0-9_]{2,}")


@dataclass(frozen=True, slots=True)
class Wanted:
    """How many rows, and which: of all `kinds` where none is named; `search` is found in any case of letters."""

    limit: int = USUAL_ROWS
    kinds: frozenset[Kind] = frozenset()
    search: str = ""
    only_errors: bool = False

    def has(self, words: Said) -> bool:
        if self.kinds and words.kind not in self.kinds:
            return False
        if self.only_errors and words.mood != "bad":
            return False
        needle = self.search.casefold()
        return not needle or needle in words.text.casefold() or needle in words.title.casefold()


@dataclass(frozen=True, slots=True)
class LogFile:
    """A session's stream: nothing beyond `end` is read, and half a line at its end counts where it `is_over`."""

    path: Path
    reader: RowReader
    is_over: bool = True
    end: int = NO_END


@dataclass(frozen=True, slots=True)
class LogPage:
    """Rows in the order of the stream. `before` and `after` are the places to ask for what is before and after them;
    None where the stream begins there, or is over and ends there. `size` is that of the stream in bytes.
    """

    rows: tuple[Row, ...]
    before: int | None
    after: int | None
    size: int


class _Gathering:
    """Rows of lines, until there are enough of them or enough was read."""

    def __init__(self, log: LogFile, wanted: Wanted) -> None:
        self._reader = log.reader
        self._wanted = wanted
        self._wish = wanted.has if wanted.kinds or wanted.search or wanted.only_errors else None
        # a line that says such a word has it: JSON writes plain letters as they are
        self._words = [word.encode() for word in _WORD.findall(wanted.search.lower())]
        self._was_piece = False
        self._parsed_bytes = 0
        self.read_bytes = 0
        self.count = 0  # a message in pieces is one row

    @property
    def is_enough(self) -> bool:
        is_spent = self._parsed_bytes >= PARSED_BYTES or self.read_bytes >= READ_BYTES
        return is_spent or self.count >= self._wanted.limit

    def take(self, line: Line) -> list[Row]:
        self.read_bytes += line.end - line.offset
        if not self.may_hold(line.raw):
            return []
        self._parsed_bytes += len(line.raw)
        rows = self._reader.rows(line, wanted=self._wish)
        if rows:
            self.count += len(rows) - (rows[-1].piece and self._was_piece)
            self._was_piece = rows[0].piece
        return rows

    def may_hold(self, raw: bytes) -> bool:
        """Whether there may be a row that is wanted: a quick look at a line, or at many."""
        if not self._words:
            return True
        lowered = raw.lower()
        return all(word in lowered for word in self._words)


def page_before(log: LogFile, place: int | None, wanted: Wanted) -> LogPage:
    """The last rows before the place; None: the last ones there are. Raises OperationFailed."""
    with _opened(log) as (descriptor, size):
        position = last = size if place is None else min(place, size)
        gathering = _Gathering(log, wanted)
        found: list[list[Row]] = []
        for item in lines_before(descriptor, position, size, may_hold=gathering.may_hold):
            if not isinstance(item, Line):
                gathering.read_bytes += position - item
                position = item
            elif item.partial and not log.is_over:
                position = last = item.offset  # the other half may still come
            else:
                position = item.offset
                found.append(gathering.take(item))
            if gathering.is_enough:
                break
    rows = log.reader.joined(row for rows in reversed(found) for row in rows)
    return LogPage(tuple(rows), position or None, None if log.is_over and last == size else last, size)


def page_after(log: LogFile, place: int, wanted: Wanted, *, until: int = NO_END) -> LogPage:
    """The first rows from the place on, of lines that begin before `until`. Raises OperationFailed."""
    with _opened(log) as (descriptor, size):
        position = begin = next_beginning(descriptor, min(place, size), READ_BYTES)
        gathering = _Gathering(log, wanted)
        found: list[Row] = []
        for line in _lines_from(descriptor, begin, size, is_over=log.is_over):
            if line.offset >= until or gathering.is_enough:
                break
            found += gathering.take(line)
            position = line.end
        is_end = log.is_over and position >= size
    return LogPage(tuple(log.reader.joined(found)), begin or None, None if is_end else position, size)


def size_of(log: LogFile) -> int:
    """How many bytes of it there are to read. Raises OperationFailed."""
    with _opened(log) as (_, size):
        return size


def whole_lines(log: LogFile) -> int:
    """Where the last whole line ends; where all of it ends, if it is over. Raises OperationFailed."""
    with _opened(log) as (descriptor, size):
        last = next((item for item in lines_before(descriptor, size, size) if isinstance(item, Line)), None)
        if log.is_over or last is None:
            return size
        return last.offset if last.partial else last.end


def line_at(log: LogFile, offset: int) -> Line | None:
    """The line that begins there; None where none does. Raises OperationFailed."""
    with _opened(log) as (descriptor, size):
        if not 0 <= offset < size:
            return None
        line = next((item for item in lines_before(descriptor, offset + 1, size) if isinstance(item, Line)), None)
        return line if line is not None and line.offset == offset else None


def _lines_from(descriptor: int, offset: int, size: int, *, is_over: bool) -> Iterator[Line]:
    splitter = LineSplitter(offset, 0)
    position = begin = offset
    while position < size and (data := read_chunk(descriptor, position)[: size - position]):
        position += len(data)
        for line in splitter.feed(data):
            yield line
            begin = line.end
        if position - begin > READ_BYTES and splitter.rest is not None:
            yield splitter.rest._replace(partial=False)  # who asks for more goes on within it
            return
    if is_over and splitter.rest is not None:
        yield splitter.rest


@contextmanager
def _opened(log: LogFile) -> Iterator[tuple[int, int]]:
    """A descriptor and how much of it is read; of a stream that is not there yet, nothing."""
    descriptor = open_stream(log.path)
    if descriptor is None:
        descriptor = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
    try:
        yield descriptor, min(os.fstat(descriptor).st_size, log.end)
    finally:
        os.close(descriptor)
