"""A patch as rows that a page can show: numbered, changed words marked, nothing in them that deceives. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

from scopecraft.model.text import clean
from scopecraft.sessions.patch_lines import raw_lines
from scopecraft.web.word_marks import Spans, word_marks

RowKind = Literal["same", "added", "removed", "hunk", "note"]
Mark = Literal["", "word", "odd"]
MOST_PAIRS = 400  # of lines in a file whose words are compared
_HUNK = re.compile(r"@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@ ?(.*)", re.DOTALL)
_KINDS: dict[str, RowKind] = {" ": "same", "+": "added", "-": "removed"}


@dataclass(frozen=True, slots=True)
class Piece:
    """Of a line. `odd`: characters that steer a screen, reorder text or hide in it, written out."""

    text: str
    mark: Mark = ""


@dataclass(frozen=True, slots=True)
class Row:
    """`old` and `new` are line numbers, None where the line is not in that state."""

    kind: RowKind
    old: int | None
    new: int | None
    text: str
    marks: Spans = ()

    @property
    def pieces(self) -> list[Piece]:
        return pieces_of(self.text, self.marks)

    @property
    def plain(self) -> str:
        return clean(self.text)


@dataclass(frozen=True, slots=True)
class FilePatch:
    """`has_more`: it was cut after so many rows."""

    rows: tuple[Row, ...]
    has_more: bool = False

    @property
    def has_odd(self) -> bool:
        return any(row.kind != "hunk" and clean(row.text) != row.text for row in self.rows)


@dataclass(slots=True)
class _Reading:
    most: int
    rows: list[Row] = field(default_factory=list)
    old: int = 0
    new: int = 0
    has_more: bool = False

    def add(self, text: str) -> None:
        if len(self.rows) >= self.most:
            self.has_more = True
            return
        found = _HUNK.match(text)
        if found:
            self.old, self.new = int(found[1]), int(found[2])
            self.rows.append(Row("hunk", self.old, self.new, found[3]))
        elif text.startswith("\\"):
            self.rows.append(Row("note", None, None, text[2:]))
        elif text[:1] in _KINDS:
            self._line(_KINDS[text[0]], text[1:])

    def _line(self, kind: RowKind, text: str) -> None:
        old = None if kind == "added" else self.old
        new = None if kind == "removed" else self.new
        self.rows.append(Row(kind, old, new, text))
        self.old += old is not None
        self.new += new is not None


def file_patches(pieces: Iterable[bytes], most_rows: int) -> Iterator[FilePatch]:
    """One for each file of the patch, in its order, of at most so many rows."""
    reading: _Reading | None = None
    in_hunk = False
    for raw in raw_lines(pieces):
        if raw.startswith(b"diff --git "):
            if reading is not None:
                yield _read(reading)
            reading, in_hunk = _Reading(most_rows), False
            continue
        in_hunk = in_hunk or raw.startswith(b"@@ ")
        if reading is not None and in_hunk:
            reading.add(raw.decode("utf-8", "surrogateescape"))
            if reading.has_more:  # whoever wants no other file need not wait for the rest of this one
                yield _read(reading)
                reading = None
    if reading is not None:
        yield _read(reading)


def _read(reading: _Reading) -> FilePatch:
    rows = reading.rows
    lines = [row for row in rows if row.kind in ("same", "added", "removed")]
    # where every line ends so, that is how the file is written and no news
    if lines and all(row.text.endswith("\r") for row in lines):
        rows = [replace(row, text=row.text.removesuffix("\r")) if row.kind != "hunk" else row for row in rows]
    return FilePatch(tuple(_marked(rows)), reading.has_more)


def _marked(rows: list[Row]) -> list[Row]:
    """The words marked where as many lines stand in the place of as many."""
    found, left, at = list(rows), MOST_PAIRS, 0
    while at < len(rows):
        removed = _run(rows, at, "removed")
        added = _run(rows, at + removed, "added")
        if removed and removed == added and removed <= left:
            left -= removed
            for old, new in zip(range(at, at + removed), range(at + removed, at + 2 * removed), strict=True):
                before, after = word_marks(rows[old].text, rows[new].text)
                found[old], found[new] = replace(rows[old], marks=before), replace(rows[new], marks=after)
        at += max(1, removed + added)
    return found


def _run(rows: list[Row], start: int, kind: RowKind) -> int:
    end = start
    while end < len(rows) and rows[end].kind == kind:
        end += 1
    return end - start


def pieces_of(text: str, marks: Spans) -> list[Piece]:
    """The text in pieces by what is to be seen of them."""
    if not marks and clean(text) == text:
        return [Piece(text)]
    found: list[Piece] = []
    at = 0
    for first, last in (*marks, (len(text), len(text))):
        found += _with_odd(text[at:first], "")
        found += _with_odd(text[first:last], "word")
        at = last
    return found


def _with_odd(text: str, mark: Mark) -> Iterator[Piece]:
    if clean(text) == text:
        if text:
            yield Piece(text, mark)
        return
    run = ""
    for character in text:
        shown = clean(character)
        if shown == character:
            run += character
            continue
        if run:
            yield Piece(run, mark)
        run = ""
        yield Piece(shown, "odd")
    if run:
        yield Piece(run, mark)
