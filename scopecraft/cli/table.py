"""Tables and JSON on stdout. No library, since `sc ls` has a tenth of a second for everything."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import click

from scopecraft.cli.terminal import Tone, cells, fit, has_colour, pad, paint, width_of
from scopecraft.model.text import clean_line

_GAP = "  "


@dataclass(frozen=True, slots=True)
class Column:
    """`least` is how narrow the column may become on a narrow terminal; None keeps it whole."""

    title: str
    right: bool = False
    least: int | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    text: str
    tones: tuple[Tone, ...] = ()


Row = Sequence[str | Cell]


def table_lines(columns: Sequence[Column], rows: Sequence[Row], *, width: int, colour: bool) -> list[str]:
    """A header and the rows, cut to `width` cells (0: not at all). Cells are made one line, and safe to show."""
    body = [[_safe(cell) for cell in row] for row in rows]
    sizes = [
        max([cells(column.title), *(cells(row[number].text) for row in body)]) for number, column in enumerate(columns)
    ]
    if width:
        _narrow(sizes, columns, width)
    header = [Cell(column.title, ("dim",)) for column in columns]
    return [_line(row, columns, sizes, width=width, colour=colour) for row in [header, *body]]


def print_table(columns: Sequence[Column], rows: Sequence[Row]) -> None:
    lines = table_lines(columns, rows, width=width_of(sys.stdout), colour=has_colour(sys.stdout))
    print_lines(lines)


def print_lines(lines: Sequence[str]) -> None:
    """Lines that are safe to show already, and carry colour only where it is wanted."""
    if lines:
        click.echo("\n".join(lines), color=True)


def print_json(value: object) -> None:
    """Indented, in UTF-8 whatever the terminal is set to."""
    text = json_text(value) + "\n"
    buffer = getattr(sys.stdout, "buffer", None)
    if buffer is None:
        click.echo(text, nl=False)
    else:
        buffer.write(text.encode("utf-8"))


def json_text(value: object) -> str:
    """JSON that loses nothing and steers no terminal: what `clean` would write out is escaped, half a character too."""
    import json

    text = json.dumps(value, ensure_ascii=False, indent=2)
    # outside strings JSON is plain ASCII, so every such character stands inside one, where this is its escape
    return _UNSAFE_IN_JSON.sub(lambda found: f"\\u{ord(found.group()):04x}", text)


_UNSAFE_IN_JSON = re.compile("[\x7f-\x9f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")


def _safe(cell: str | Cell) -> Cell:
    return Cell(clean_line(cell)) if isinstance(cell, str) else Cell(clean_line(cell.text), cell.tones)


def _narrow(sizes: list[int], columns: Sequence[Column], width: int) -> None:
    """Take what is too much from the widest column that may lose some, a cell at a time."""
    excess = sum(sizes) + len(_GAP) * (len(sizes) - 1) - width
    while excess > 0:
        able = [n for n, column in enumerate(columns) if column.least is not None and sizes[n] > column.least]
        if not able:
            return
        sizes[max(able, key=lambda n: sizes[n])] -= 1
        excess -= 1


def _line(row: Sequence[Cell], columns: Sequence[Column], sizes: Sequence[int], *, width: int, colour: bool) -> str:
    parts = []
    left = width
    for number, (cell, column, size) in enumerate(zip(row, columns, sizes, strict=True)):
        if width and left <= 0:
            break
        room = min(size, left) if width else size
        last = number == len(columns) - 1 and not column.right
        text = fit(cell.text, room) if width else cell.text
        padded = text if last else pad(text, room, right=column.right)
        parts.append(paint(padded, *cell.tones) if colour else padded)
        left -= room + len(_GAP)
    line = _GAP.join(parts)
    return line if colour else line.rstrip(" ")
