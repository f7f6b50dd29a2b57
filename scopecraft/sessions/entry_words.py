"""What an entry of a stream says to a person, in the same words wherever it is shown. Pure.

The text is as the agent wrote it: whoever shows it cuts it and makes it safe.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from scopecraft.model.activity import (
    Asked,
    Claim,
    Entry,
    Finished,
    Message,
    Note,
    Quota,
    Started,
    StreamError,
    Text,
    ToolCall,
    ToolResult,
    Trouble,
    Usage,
)
from scopecraft.model.usage_words import usage_text

# `text`: a line of a program that speaks no protocol. `usage`: the end of a turn, with what was used until then.
Kind = Literal["message", "user", "thinking", "tool", "result", "usage", "error", "note", "alert", "text"]
Mood = Literal["plain", "good", "bad", "caution", "quiet"]


class Said(NamedTuple):
    kind: Kind
    title: str  # a word, or a tool's name
    text: str
    mood: Mood = "plain"
    subagent: bool = False


def said(entry: Entry) -> Said | None:
    """None: it is news for programs."""
    # the frequent ones first: this runs for every line of a log that is shown
    if isinstance(entry, Message):
        return _message(entry)
    if isinstance(entry, ToolCall):
        return Said("tool", entry.name or "tool", entry.input_text, subagent=entry.subagent)
    if isinstance(entry, ToolResult):
        text = entry.text if entry.text.strip() else "(nothing)"
        if entry.is_error:
            return Said("result", "failed", text, "bad", entry.subagent)
        return Said("result", "result", text, "good", entry.subagent)
    if isinstance(entry, Text):
        return Said("text", "", entry.text)
    return _seldom(entry)


def _message(message: Message) -> Said:
    if message.thinking:
        return Said("thinking", "thinks", message.text, "quiet", message.subagent)
    if message.role == "user":
        return Said("user", "you", message.text, subagent=message.subagent)
    return Said("message", "agent", message.text, subagent=message.subagent)


def _seldom(entry: Entry) -> Said | None:
    match entry:
        case Started():
            parts = [part for part in (entry.model, entry.conversation_id) if part]
            return Said("note", "start", " · ".join(parts) or "the agent is up", "quiet")
        case Finished():
            return _finished(entry.claim, entry.usage)
        case Trouble():
            return _trouble(entry.error)
        case Note():
            return Said("note", "note", entry.text, "quiet")
        case Asked():
            return Said("alert", "asks", entry.text or entry.tool, "caution")
        case Quota():
            return Said("alert", "limit", entry.text, "bad")
        case _:
            return None


def _finished(claim: Claim, usage: Usage | None) -> Said:
    used = usage_text(usage) if usage is not None else ""
    if claim.aborted:
        return Said("usage", "cut off", used or claim.text, "caution")
    if claim.is_error:
        why = claim.text or claim.stop_reason
        return Said("usage", "failed", f"{why}\n{used}" if used else why, "bad")
    # the text of a good end repeats the last message
    reason = "" if claim.stop_reason in ("end_turn", "") else claim.stop_reason
    return Said("usage", "done", " · ".join(part for part in (reason, used) if part) or "ok", "good")


def _trouble(error: StreamError) -> Said:
    text = f"line {error.line}: {error.text}" if error.line is not None else error.text
    if error.severity == "critical":
        return Said("error", "error", text, "bad")
    if error.severity == "warning":
        return Said("alert", "warning", text, "caution")
    return Said("note", "note", text, "quiet")
