"""Lines of the command line, with its colours, drawn in cells of the screen.

All that `sc` prints for people is made of such lines; here they are drawn instead of printed. Text of strangers was
made safe by whoever made the line, and nothing here reads markup.
"""

from __future__ import annotations

import re

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from scopecraft.tui.theme import style_of

_CODES = re.compile("\x1b\\[([0-9;]*)m")
Drawn = str | Strip  # a line with the codes of `paint`, or one that is drawn already


def strip_of(line: Drawn, base: Style, *, is_dark: bool, width: int, start: int = 0) -> Strip:
    """`width` cells of the line from the cell `start` on, filled up."""
    if isinstance(line, Strip):
        drawn = line.apply_style(base) if base else line
    else:
        drawn = Strip(_segments(line, base, is_dark))
    if start:
        drawn = drawn.crop(start, max(start, drawn.cell_length))
    return drawn.adjust_cell_length(width, base)


def plain(line: Drawn) -> str:
    return line.text if isinstance(line, Strip) else _CODES.sub("", line)


def _segments(line: str, base: Style, is_dark: bool) -> list[Segment]:
    if "\x1b" not in line:
        return [Segment(line, base)]
    parts = _CODES.split(line)
    found = [Segment(parts[0], base)] if parts[0] else []
    for codes, text in zip(parts[1::2], parts[2::2], strict=True):
        if text:
            found.append(Segment(text, base + style_of(codes, is_dark)))
    return found
