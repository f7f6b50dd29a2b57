"""What the terminal can show: colour, width, and how many cells a text takes. No library but rich's table of widths."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Literal, TextIO

Tone = Literal["bold", "dim", "red", "green", "yellow", "blue", "magenta", "cyan"]

_CODES: dict[Tone, str] = {
    "bold": "1",
    "dim": "2",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "blue": "34",
    "magenta": "35",
    "cyan": "36",
}
_DEFAULT_WIDTH = 80
_NARROWEST = 20
_LOOK_AHEAD = 64


def is_terminal(stream: TextIO) -> bool:
    try:
        return stream.isatty()
    except (OSError, ValueError, AttributeError):  # closed, or nothing behind it, or never there
        return False


def has_colour(stream: TextIO, environ: Mapping[str, str] | None = None) -> bool:
    """Colour on a terminal only; `NO_COLOR` turns it off, `FORCE_COLOR` on wherever the output goes."""
    environ = os.environ if environ is None else environ
    if environ.get("NO_COLOR"):
        return False
    if environ.get("FORCE_COLOR", "0") not in ("", "0"):
        return True
    return is_terminal(stream) and environ.get("TERM") != "dumb"


def width_of(stream: TextIO) -> int:
    """Cells in a line of the terminal; 0 where there is no terminal, which means: do not cut, do not wrap."""
    if not is_terminal(stream):
        return 0
    columns = os.environ.get("COLUMNS", "")
    if columns.isdecimal() and int(columns) > 0:
        return max(_NARROWEST, int(columns))
    try:
        found = os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError):
        found = 0
    return max(_NARROWEST, found) if found > 0 else _DEFAULT_WIDTH


def paint(text: str, *tones: Tone) -> str:
    """The text in these tones; the caller decided that there is colour."""
    if not text or not tones:
        return text
    return f"\x1b[{';'.join(_CODES[tone] for tone in tones)}m{text}\x1b[0m"


def cells(text: str) -> int:
    """How many columns the text takes on a terminal: Chinese takes two a character, accents none."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def fit(text: str, width: int) -> str:
    """The text in at most `width` cells, marked with `…` where it was cut; 0 or less keeps it whole."""
    if width <= 0 or cells(text) <= width:
        return text
    return _head(text, width - 1) + "…"


def pad(text: str, width: int, *, right: bool = False) -> str:
    """Filled with spaces up to `width` cells; longer text stays as it is."""
    gap = " " * max(0, width - cells(text))
    return gap + text if right else text + gap


def wrap(line: str, width: int) -> list[str]:
    """One line broken at spaces into lines of at most `width` cells, each indented as the first one is."""
    if width <= 0 or cells(line) <= width:
        return [line]
    leading = len(line) - len(line.lstrip(" "))
    # beside it there is room for the widest character, at least
    indent = " " * leading if leading * 2 <= width and leading + 2 <= width else ""
    lines: list[str] = []
    start = 0
    while start < len(line):
        lead = indent if lines else ""
        head = _next_line(line, start, width - len(lead), keep=0 if lines else leading)
        lines.append((lead + head).rstrip(" "))
        start += len(head)
        while line[start : start + 1] == " ":
            start += 1
    return lines


def _next_line(line: str, start: int, room: int, *, keep: int) -> str:
    """What of the line fits from `start` on, ending before a word; never broken within its first `keep` spaces."""
    # a bounded look ahead: a line may be megabytes, and marks without width may follow each other without end
    piece = line[start : start + room + _LOOK_AHEAD]
    end = start + len(piece)
    if end == len(line) and cells(piece) <= room:
        return piece
    head = _head(piece, room) or piece[:1]
    if line[start + len(head) : start + len(head) + 1] == " ":
        return head
    space = head.rfind(" ", keep)
    return head[:space] if space > keep else head


def _head(text: str, width: int) -> str:
    """The longest beginning that takes at most `width` cells."""
    if text.isascii():
        return text[: max(0, width)]
    # a character takes 0 to 2 cells: walk from a safe guess instead of measuring every beginning
    end = min(len(text), max(0, width) // 2)
    used = cells(text[:end])
    while end < len(text):
        used += cells(text[end])
        if used > width:
            break
        end += 1
    return text[:end]
