"""Lines of a stream as rows for a screen. Pure: a line always becomes the same rows, wherever reading began.

So pages, whatever they are cut at, and what is followed fit together. What only a whole stream knows (which message a
turn repeats, what was used so far) is not in a row.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from scopecraft.model import clock
from scopecraft.model.activity import Message
from scopecraft.model.text import clean_line, plain_text
from scopecraft.sessions.entry_words import Kind, Mood, Said, said
from scopecraft.streams.activity import Reader
from scopecraft.streams.damage import what_is_wrong
from scopecraft.streams.follow import Replaced
from scopecraft.streams.lines import Line

ROW_LINES = 12  # of a result or a thought; the rest is asked for by name
ROW_CHARACTERS = 4_000
MESSAGE_LINES = 400
MESSAGE_CHARACTERS = 20_000
TITLE_CHARACTERS = 60
DAMAGE_CHARACTERS = 200
_KEY_CHARACTERS = 4_096  # longer than any key: one that is cut off would not be known for one
_LONG: frozenset[Kind] = frozenset({"message", "user"})
_TOLD = re.compile(rb'"timestamp": ?(?:"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?)Z"|(\d{13})[,}])')

Redact = Callable[[str], str]
Wish = Callable[[Said], bool]


@dataclass(frozen=True, slots=True)
class Row:
    """`offset` and `nth` name it: the first byte of its line, and which of the line's rows it is.

    The text is safe to show, without known keys, and may be cut: `left` lines are missing, `more` says that asking for
    the row by its name tells more. `piece`: the text goes on in the next row, if that is a piece too.
    """

    offset: int
    nth: int
    end: int  # of what follows the line
    kind: Kind
    title: str
    text: str
    mood: Mood = "plain"
    at: str | None = None  # as the stream tells, else when it was seen to be written
    more: bool = False
    left: int = 0
    subagent: bool = False
    piece: bool = False


class RowReader:
    """Reads the lines of one session. `read` is its dialect's way, `redact` takes keys out, `since` is when it began:
    no record is older.
    """

    def __init__(self, read: Reader, redact: Redact, since: str = "") -> None:
        self._read = read
        self._redact = redact
        self._since = since

    def rows(self, line: Line, seen_at: str | None = None, wanted: Wish | None = None) -> list[Row]:
        """Those that are `wanted`. Never raises because of a line. `seen_at` holds where the line tells no time."""
        said = self._said(line)
        if wanted is not None:
            said = [each for each in said if wanted(each[1])]
        if not said:
            return []
        at = told_at(line.raw, self._since) or seen_at
        return [self._row(line, nth, words, is_piece, at) for nth, words, is_piece in said]

    def _said(self, line: Line) -> list[tuple[int, Said, bool]]:
        """What it says, numbered, and whether that is a piece of something longer."""
        entries, kind, _ = ([], "damaged", None) if line.oversized else self._read(line.raw)
        if kind == "damaged":
            return [(0, self._damage(line), False)]
        found: list[tuple[int, Said, bool]] = []
        for entry in entries:
            words = said(entry)
            if words is not None:
                found.append((len(found), words, isinstance(entry, Message) and entry.is_chunk))
        return found

    def _damage(self, line: Line) -> Said:
        beginning = self._redact(line.raw[: _KEY_CHARACTERS + DAMAGE_CHARACTERS].decode("utf-8", "replace"))
        text = f"{what_is_wrong(line)}: {clean_line(beginning, DAMAGE_CHARACTERS)}"
        return Said("alert", "damaged", text, "caution")

    def joined(self, rows: Iterable[Row]) -> list[Row]:
        """Pieces that stand together as one row, as long as a row may be."""
        found: list[Row] = []
        pieces: list[Row] = []
        characters = 0
        for row in rows:
            if pieces and (not row.piece or characters + len(row.text) > MESSAGE_CHARACTERS):
                found.append(self._one_of(pieces))
                pieces, characters = [], 0
            if row.piece:
                pieces.append(row)
                characters += len(row.text)
            else:
                found.append(row)
        return [*found, self._one_of(pieces)] if pieces else found

    def safe(self, text: str, characters: int) -> str:
        """The beginning of a text: without keys, without what could steer a terminal or hide."""
        return plain_text(self._redact(text[: characters + _KEY_CHARACTERS])[:characters])

    def _one_of(self, pieces: list[Row]) -> Row:
        if len(pieces) == 1:
            return pieces[0]
        text = self._redact("".join(piece.text for piece in pieces))
        return replace(pieces[0], text=text, end=pieces[-1].end)

    def _row(self, line: Line, nth: int, words: Said, is_piece: bool, at: str | None) -> Row:
        kind, title, text, mood, subagent = words
        is_long = kind in _LONG
        left = 0
        if not is_piece:
            text, left = _first_lines(text.strip("\r\n"), MESSAGE_LINES if is_long else ROW_LINES)
        most = MESSAGE_CHARACTERS if is_long else ROW_CHARACTERS
        shown = self.safe(text, most)
        # of an input only the most telling part is a tool's text
        more = left > 0 or len(text) > most or kind == "tool" or title == "damaged"
        title = clean_line(title, TITLE_CHARACTERS)
        return Row(line.offset, nth, line.end, kind, title, shown, mood, at, more, left, subagent, is_piece)


def rewritten(marker: Replaced, offset: int, at: str) -> Row:
    """Somebody else than the agent wrote into the stream, and it is read on at `offset`."""
    text = f"the stream was {marker.why} after {marker.offset:,} bytes; nothing is shown twice"
    return Row(offset, 0, offset, "alert", "rewritten", text, "caution", at)


def told_at(raw: bytes, since: str = "") -> str | None:
    """When the line was written, by its own word."""
    told = _TOLD.search(raw)
    if told is None:
        return None
    try:
        if told[1]:
            at = clock.to_text(clock.from_text(told[1].decode() + "Z"))
        else:
            at = clock.to_text(datetime.fromtimestamp(int(told[2]) / 1000, UTC))
    except (ValueError, OverflowError):
        return None
    return at if at >= since else None


def _first_lines(text: str, most: int) -> tuple[str, int]:
    """And how many lines there are beyond; what is not shown costs little."""
    parts = text.split("\n", most)
    if len(parts) <= most:
        return text, 0
    return "\n".join(parts[:most]), parts[most].count("\n") + 1
