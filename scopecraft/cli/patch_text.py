"""A patch as lines for a terminal: every character that could steer it written out, in colour where it has any."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from scopecraft.cli.terminal import Tone, paint
from scopecraft.model.text import clean
from scopecraft.sessions.patch_lines import raw_lines

MOST_LINES = 20_000
_HEADS = ("diff --git ", "index ", "--- ", "+++ ", "new file ", "deleted file ", "old mode ", "new mode ")
_MOVES = ("similarity ", "dissimilarity ", "rename ", "copy ", "Binary files ")


def patch_lines(pieces: Iterable[bytes], *, colour: bool) -> Iterator[str]:
    """The lines of a patch that comes in pieces, without their ends; never more of a line than can be shown."""
    in_hunk = False
    for raw in raw_lines(pieces):
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
