"""Markdown laid out as lines. Links are text: nothing of an agent's can be opened from here."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO

from rich.console import Console
from rich.markdown import Markdown
from rich.theme import Theme
from textual.strip import Strip

from scopecraft.tui.theme import tones


def markdown_lines(text: str, width: int, *, is_dark: bool) -> Iterator[Strip]:
    """Of text that is safe to show."""
    console = Console(
        file=StringIO(),
        width=width,
        color_system="truecolor",
        force_terminal=True,
        theme=_theme(is_dark),
        legacy_windows=False,
    )
    page = Markdown(text, hyperlinks=False, code_theme="ansi_dark" if is_dark else "ansi_light")
    for segments in console.render_lines(page, pad=False):
        yield Strip(segments)


def _theme(is_dark: bool) -> Theme:
    known = tones(is_dark=is_dark)
    heading = known["34"] + known["1"]
    return Theme(
        {
            "markdown.h1": heading,
            "markdown.h2": heading,
            "markdown.h3": heading,
            "markdown.code": known["36"],
            "markdown.code_block": known["36"],
            "markdown.block_quote": known["2"],
            "markdown.item.bullet": known["34"],
            "markdown.item.number": known["34"],
            "markdown.link": known["36"],
            "markdown.link_url": known["2"],
            "markdown.hr": known["2"],
        }
    )
