"""A patch, which comes in pieces, as lines; never more of a line than anybody can read. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

LONGEST_LINE = 4_000  # bytes; a longer one is cut, with a mark


def raw_lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Without their ends."""
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
