"""Text of strangers made safe to show: agents, repositories and file names may hold terminal commands."""

from __future__ import annotations

import re

_UNSAFE = re.compile(
    "["
    "\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 but tab and newline, DEL, C1
    "\u2028\u2029"  # line and paragraph separators
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # what reorders text on a screen
    "\u00ad\u200b\u2060-\u2065\u206a-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f"  # what hides in it
    "\ud800-\udfff"  # halves of characters: undecodable bytes
    "]"
)
_COLOUR_CODES = re.compile("\x1b\\[[0-9;:]*m")
_LINE_ENDS = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")


def _escape(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _json_escape(match: re.Match[str]) -> str:
    units = match.group().encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[start : start + 4]}" for start in range(0, len(units), 4))


def clean(text: str) -> str:
    """Every character that could steer a terminal, written out; tabs and newlines stay."""
    return _UNSAFE.sub(_escape, text)


def plain_text(text: str) -> str:
    """What a program printed, as lines of safe text: colours are taken off, whatever ends a line is a newline."""
    # colours before the rest is written out: they say nothing, and what they hide stays harmless
    return clean(_COLOUR_CODES.sub("", _LINE_ENDS.sub("\n", text)))


def clean_line(text: str, limit: int = 0) -> str:
    """One line of safe text: white space folded to spaces; with a limit, cut there and marked with `…`."""
    line = clean(" ".join(text.split()))
    return line if not limit or len(line) <= limit else line[: limit - 1] + "…"


def clean_json(document: str) -> str:
    """The same JSON document in other letters, safe for `cat` and for UTF-8 whatever its strings hold."""
    return _UNSAFE.sub(_json_escape, document)
