"""Entries of a stream as lines that a person reads. All text comes from agents, and none of it can steer a terminal."""

from __future__ import annotations

import re
from dataclasses import dataclass

from scopecraft.cli.terminal import Tone, cells, fit, pad, paint, wrap
from scopecraft.model.activity import (
    Asked,
    Claim,
    Echoed,
    Entry,
    Finished,
    Message,
    Note,
    Quota,
    Started,
    Text,
    ToolCall,
    ToolResult,
    Trouble,
    Usage,
    Withdrawn,
)
from scopecraft.model.text import clean, clean_line

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
_COLOUR_CODES = re.compile("\x1b\\[[0-9;:]*m")
_LINE_ENDS = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")


_Shown = Message | ToolCall | ToolResult | Started | Finished | Trouble | Note | Asked | Quota


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
    if isinstance(entry, Echoed | Withdrawn):
        return []  # news for programs
    if isinstance(entry, Text):
        return _plain(entry.text, width=width, colour=colour, at=at, full=full)
    block = _block_of(entry)
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


def usage_text(usage: Usage) -> str:
    """`in 658k · out 97k · $2.82`; input counts what came from the cache too, and empty parts are left out."""
    total_in = usage.input_tokens + usage.cache_read_tokens + usage.cache_write_tokens
    parts = []
    if total_in or usage.output_tokens:
        parts += [f"in {count_text(total_in)}", f"out {count_text(usage.output_tokens)}"]
    if usage.cost_usd is not None:
        parts.append(f"${usage.cost_usd:.2f}" if usage.cost_usd >= 0.995 else f"${usage.cost_usd:.3f}")
    return " · ".join(parts)


def count_text(count: int) -> str:
    """`950`, `4.1k`, `658k`, `1.2M`."""
    if count < 1000:
        return str(count)
    for size, unit in ((1_000, "k"), (1_000_000, "M"), (1_000_000_000, "G")):
        value = count / size
        if value < 9.95:
            return f"{value:.1f}{unit}"
        if value < 999.5:
            return f"{value:.0f}{unit}"
    return f"{count / 1e9:.0f}G"


def _block_of(entry: _Shown) -> _Block:
    match entry:
        case Message():
            return _message(entry)
        case ToolCall():
            return _Block(
                entry.name or "tool",
                f"> {entry.input_text}",
                ("blue", "bold"),
                most=1,
                wrapped=False,
                subagent=entry.subagent,
            )
        case ToolResult():
            tones: tuple[Tone, ...] = ("red",) if entry.is_error else ("green",)
            label = "failed" if entry.is_error else "result"
            text = entry.text if entry.text.strip() else "(nothing)"
            return _Block(label, text, tones, ("dim",), _RESULT_LINES, wrapped=False, subagent=entry.subagent)
        case Started():
            parts = [part for part in (entry.model, entry.conversation_id) if part]
            return _Block("start", " · ".join(parts) or "the agent is up", ("dim",), ("dim",))
        case Finished():
            return _finished(entry.claim, entry.usage)
        case Trouble():
            return _trouble(entry)
        case Note():
            return _Block("note", entry.text, ("dim",), ("dim",))
        case Asked():
            return _Block("asks", entry.text or entry.tool, ("yellow", "bold"))
        case Quota():
            return _Block("limit", entry.text, ("red", "bold"))


def _message(message: Message) -> _Block:
    if message.thinking:
        return _Block("thinks", message.text, ("dim",), ("dim",), _THINKING_LINES, subagent=message.subagent)
    if message.role == "user":
        return _Block("you", message.text, ("cyan", "bold"), subagent=message.subagent)
    return _Block("agent", message.text, ("bold",), subagent=message.subagent)


def _finished(claim: Claim, usage: Usage | None) -> _Block:
    used = usage_text(usage) if usage is not None else ""
    if claim.aborted:
        return _Block("cut off", used or claim.text, ("yellow", "bold"))
    if claim.is_error:
        why = claim.text or claim.stop_reason
        return _Block("failed", f"{why}\n{used}" if used else why, ("red", "bold"))
    # the text of a good end repeats the last message
    reason = "" if claim.stop_reason in ("end_turn", "") else claim.stop_reason
    return _Block("done", " · ".join(part for part in (reason, used) if part) or "ok", ("green", "bold"))


def _trouble(trouble: Trouble) -> _Block:
    error = trouble.error
    where = f"line {error.line}: " if error.line is not None else ""
    tones: dict[str, tuple[Tone, ...]] = {"critical": ("red", "bold"), "warning": ("yellow", "bold"), "info": ("dim",)}
    label = {"critical": "error", "warning": "warning", "info": "note"}[error.severity]
    return _Block(label, where + error.text, tones[error.severity], most=_RESULT_LINES)


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
    # colours are taken off before the rest is written out: they say nothing, and what they hide stays harmless
    plain = _COLOUR_CODES.sub("", _LINE_ENDS.sub("\n", text))
    return clean(plain).expandtabs(4).split("\n"), rest.count("\n") + 1 if rest else 0


def _bounded(line: str) -> str:
    return line if len(line) <= _LONGEST_LINE else line[:_LONGEST_LINE] + "…"


def _gutter(at: str, colour: bool) -> str:
    if not at:
        return ""
    return (paint(at, "dim") if colour else at) + " "
