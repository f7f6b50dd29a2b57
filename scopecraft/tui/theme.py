"""Colours: dark and light, and the tones of the command line in both."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from rich.style import Style
from textual.theme import Theme

DARK, LIGHT = "scopecraft-dark", "scopecraft-light"
THEMES = (
    Theme(
        DARK,
        primary="#5b93ff",
        secondary="#8b96a8",
        accent="#5b93ff",
        success="#4cc06b",
        warning="#e0a83a",
        error="#f47067",
        foreground="#d7dce4",
        background="#0f141b",
        surface="#171c25",
        panel="#222936",
        dark=True,
    ),
    Theme(
        LIGHT,
        primary="#1f5fd6",
        secondary="#57606a",
        accent="#1f5fd6",
        success="#1a7f37",
        warning="#8a5a00",
        error="#c0232c",
        foreground="#1f2328",
        background="#f6f7f9",
        surface="#ffffff",
        panel="#e6eaf0",
        dark=False,
    ),
)
_TONES: dict[bool, dict[str, Style]] = {
    True: {
        "1": Style(bold=True),
        "2": Style(color="#8b96a8"),
        "31": Style(color="#f47067"),
        "32": Style(color="#4cc06b"),
        "33": Style(color="#e0a83a"),
        "34": Style(color="#5b93ff"),
        "35": Style(color="#c58fff"),
        "36": Style(color="#56c8d8"),
    },
    False: {
        "1": Style(bold=True),
        "2": Style(color="#57606a"),
        "31": Style(color="#c0232c"),
        "32": Style(color="#1a7f37"),
        "33": Style(color="#8a5a00"),
        "34": Style(color="#1f5fd6"),
        "35": Style(color="#8250df"),
        "36": Style(color="#0b7285"),
    },
}


def tones(*, is_dark: bool) -> Mapping[str, Style]:
    """By the code that `cli.terminal.paint` writes for each."""
    return _TONES[is_dark]


@cache
def style_of(codes: str, is_dark: bool) -> Style:
    """Of `33;1`, as it stands between the escape and its `m`."""
    known = tones(is_dark=is_dark)
    return Style.combine([Style(), *(known[code] for code in codes.split(";") if code in known)])


def first_theme(colour_hint: str) -> str:
    """By `$COLORFGBG`, which some terminals set: `0;15` is dark letters on light ground."""
    ground = colour_hint.rpartition(";")[2]
    return LIGHT if ground in ("7", "15") else DARK
