"""A patch on stdout: through a pager and capped at a terminal, byte for byte into a pipe."""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterator
from contextlib import closing
from itertools import islice
from typing import TYPE_CHECKING

from scopecraft.cli.say import note

if TYPE_CHECKING:
    from scopecraft.sessions.mission_diff import Part


def show_lines(lines: Generator[str, None, None], whole: str) -> None:
    """Safe lines at a terminal; `whole` is the command that has all of them."""
    from scopecraft.cli.pager import paged
    from scopecraft.cli.patch_text import MOST_LINES

    has_more = False
    with closing(lines), paged() as write:
        for line in islice(lines, MOST_LINES):
            write(line + "\n")
        has_more = next(lines, None) is not None
    if has_more:
        note(f"the first {MOST_LINES:,} lines; all of them: {whole} | less")


def lines_of_part(part: Part, *, colour: bool) -> Iterator[str]:
    from scopecraft.cli.patch_text import patch_lines

    with closing(part.patch(is_exact=False)) as pieces:
        yield from patch_lines(pieces, colour=colour)


def write_part(part: Part) -> None:
    """As it is: this goes to a program or a file."""
    with closing(part.patch(is_exact=True)) as pieces:
        for piece in pieces:
            sys.stdout.buffer.write(piece)
