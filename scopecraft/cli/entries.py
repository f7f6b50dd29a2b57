"""Entries of a stream as lines that a person reads. All text comes from agents, and none of it can steer a terminal."""

from __future__ import annotations

from dataclasses import dataclass

from scopecraft.cli.terminal import Tone, cells, fit, pad, paint, wrap
from scopecraft.model.activity import Entry
from scopecraft.model.text import clean_line, plain_text
from scopecraft.sessions.entry_words import Said, said

LABEL_CELLS = 8
_LONGEST_LABEL = 24
_LEAST_ROOM = 10
_TIME_FROM_CELLS = 40  # a narrower terminal has no room for the time
_RESULT_LINES = 6
_THINKING_LINES = 3
_MESSAGE_LINES = 200
_PLAIN_LINES = 20
_LONGEST_LINE = 20_000
_UNBROKEN_CELLS = 400  # where there is no terminal whose width would cut a line
_MOST_LINES = {"error": _RESULT_LINES, "alert": _RESULT_LINES, "thinking": _THINKING_LINES}
_LABEL_TONES: dict[str, tuple[Tone, ...]] = {
    "message": ("bold",),
    "user": ("cyan", "bold"),
    "tool": ("blue", "bold"),
    "thinking": ("dim",),
    "note": ("dim",),
}
_MOOD_TONES: dict[str, tuple[Tone, ...]] = {
    "good": ("green", "bold"),
    "bad": ("red", "bold"),
    "caution": ("yellow", "bold"),
    "plain": (),
    "quiet": ("dim",),
}


@dataclass(frozen=True, slots=True)
class _Block:
    """A label beside some text: `most` lines of it unless all is asked for, each `wrapped` or cut at the width."""

    label: str
    text: str
    label_tones: tuple[Tone, ...] = ()
    text_tones: tuple[Tone, ...] = ()
    most: int = _MESSAGE_LINES
    wrapped: bool = True
    subagent: bool = False


def lines_of(entry: Entry, *, width: int, colour: bool, at: str = "", full: bool = False) -> list[str]:
    """The entry as lines without newlines, first a label, then its text.

    `width` in cells, 0 for no terminal: nothing is wrapped. `at` stands in front, such as `05:11:42`. Long results,
    inputs and thoughts are cut and marked with `…` unless `full`.
    """
    at = at if not width or width >= _TIME_FROM_CELLS else ""
    words = said(entry)
    if words is None:
        return []
    if words.kind == "text":
        return _plain(words.text, width=width, colour=colour, at=at, full=full)
    block = _block_of(words)
    gutter = len(at) + 1 if at else 0
    label = fit(clean_line(block.label), min(_LONGEST_LABEL, max(LABEL_CELLS, width // 3)) if width else _LONGEST_LABEL)
    # an ordinary label has its column; a longer one pushes its own text to the right
    indent = gutter + max(LABEL_CELLS, cells(label)) + 1
    body = _body(block, room=max(_LEAST_ROOM, width - indent) if width else 0, full=full)
    label = pad(label, LABEL_CELLS)
    if colour:
        label, body = paint(label, *block.label_tones), [paint(line, *block.text_tones) for line in body]
    margin = " " * (gutter + LABEL_CELLS + 1)
    first = f"{_gutter(at, colour)}{label} {body[0]}".rstrip(" ")
    return [first, *(margin + line if line else "" for line in body[1:])]


def _block_of(words: Said) -> _Block:
    kind, title, text, mood, subagent = words
    label_tones = _LABEL_TONES.get(kind) or _MOOD_TONES[mood]
    if kind == "tool":
        return _Block(title, f"> {text}", label_tones, most=1, wrapped=False, subagent=subagent)
    if kind == "result":
        return _Block(title, text, label_tones[:1], ("dim",), _RESULT_LINES, wrapped=False, subagent=subagent)
    text_tones: tuple[Tone, ...] = ("dim",) if mood == "quiet" else ()
    return _Block(title, text, label_tones, text_tones, _MOST_LINES.get(kind, _MESSAGE_LINES), subagent=subagent)


def _plain(text: str, *, width: int, colour: bool, at: str, full: bool) -> list[str]:
    """A program's own line as it is; on a terminal, one that would fill the screen is cut unless all is asked for."""
    margin = " " * (len(at) + 1 if at else 0)
    lines = [part for line in _safe_lines(text, 0)[0] for part in wrap(line, width - len(margin) if width else 0)]
    if width and not full and len(lines) > _PLAIN_LINES:
        lines = [*lines[:_PLAIN_LINES], fit(f"… {len(lines) - _PLAIN_LINES} more lines", width - len(margin))]
    return [_gutter(at, colour) + lines[0], *(margin + line for line in lines[1:])]


def _body(block: _Block, *, room: int, full: bool) -> list[str]:
    most = 0 if full else block.most
    lines, left_out = _safe_lines(block.text, most)
    prefix = "| " if block.subagent else ""
    room = room - len(prefix) if room else 0
    shown: list[str] = []
    for line in lines:
        if full or block.wrapped:
            shown += wrap(line, room) or [""]
        else:
            shown.append(fit(line, room or _UNBROKEN_CELLS))
    if most and len(shown) > most:
        left_out += len(shown) - most
        shown = shown[:most]
    if left_out and block.most == 1:
        shown[-1] = shown[-1].removesuffix("…") + "…"
    elif left_out:
        shown.append(fit(f"… {left_out} more line{'s' if left_out > 1 else ''}", room))
    return [prefix + line for line in shown] or [prefix]


def _safe_lines(text: str, most: int) -> tuple[list[str], int]:
    """The first lines (0: all), safe to show, and how many there are beyond; what is not shown costs little."""
    text = text.strip("\r\n")
    rest = ""
    if most:
        parts = text.split("\n", most)
        rest = parts[most] if len(parts) > most else ""
        text = "\n".join(_bounded(part) for part in parts[:most])
    return plain_text(text).expandtabs(4).split("\n"), rest.count("\n") + 1 if rest else 0


def _bounded(line: str) -> str:
    return line if len(line) <= _LONGEST_LINE else line[:_LONGEST_LINE] + "…"


def _gutter(at: str, colour: bool) -> str:
    if not at:
        return ""
    return (paint(at, "dim") if colour else at) + " "
