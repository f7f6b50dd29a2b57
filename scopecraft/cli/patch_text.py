"""A patch as lines for a terminal: every character that could steer it written out, in colour where it has any."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from scopecraft.cli.terminal import Tone, paint
from scopecraft.model.text import clean

MOST_LINES = 20_000
LONGEST_LINE = 4_000  # bytes; a longer one is cut, with a mark
_HEADS = ("diff --git ", "index ", "--- ", "+++ ", "new file ", "deleted file ", "old mode ", "new mode ")
_MOVES = ("similarity ", "dissimilarity ", "rename ", "copy ", "Binary files ")


def patch_lines(pieces: Iterable[bytes], *, colour: bool) -> Iterator[str]:
    """The lines of a patch that comes in pieces, without their ends; never more of a line than can be shown."""
    in_hunk = False
    for raw in _lines(pieces):
        text = clean(raw.decode("utf-8", "surrogateescape"))
        if text.startswith("diff --git "):
            in_hunk = False
        elif text.startswith("@@"):
            in_hunk = True
        yield paint(text, *_tones(text, in_hunk)) if colour else text


def _tones(text: str, in_hunk: bool) -> tuple[Tone, ...]:
    if not in_hunk:
        return ("bold",) if text.startswith((*_HEADS, *_MOVES)) else ()
    if text.startswith("@@"):
        return ("cyan",)
    return ("green",) if text.startswith("+") else ("red",) if text.startswith("-") else ()


def _lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    rest, cut = b"", 0
    for piece in pieces:
        *whole, last = piece.split(b"\n")
        for part in whole:
            yield _cut(rest + part, cut)
            rest, cut = b"", 0
        rest += last
        if len(rest) > LONGEST_LINE:
            cut += len(rest) - LONGEST_LINE
            rest = rest[:LONGEST_LINE]
    if rest:
        yield _cut(rest, cut)


def _cut(line: bytes, already: int) -> bytes:
    more = already + max(0, len(line) - LONGEST_LINE)
    if not more:
        return line
    return line[:LONGEST_LINE] + f"… ({more:,} more bytes)".encode()
