"""Text of strangers made safe to show: agents, repositories and file names may hold terminal commands."""

from __future__ import annotations

import re

# C0 but tab and newline, DEL, C1, line and paragraph separators, and what reorders or hides text on a screen.
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)


def _escape(match: re.Match[str]) -> str:
    code = ord(match.group())
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def clean(text: str) -> str:
    """Every character that could steer a terminal, written out; tabs and newlines stay."""
    return _UNSAFE.sub(_escape, text)


def clean_line(text: str, limit: int = 0) -> str:
    """One line of safe text: white space folded to spaces; with a limit, cut there and marked with `…`."""
    line = clean(" ".join(text.split()))
    return line if not limit or len(line) <= limit else line[: limit - 1] + "…"
