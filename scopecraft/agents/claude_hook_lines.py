"""Reading what the hooks of `claude_hooks` wrote: a line each, whole or only the beginning of its payload."""

from __future__ import annotations

import re
from dataclasses import dataclass

import orjson

from scopecraft.agents.claude_stream import input_text
from scopecraft.agents.records import Record, items, one_line, record, text

DETAIL_CHARACTERS = 300
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{3})?")
_FIELD = re.compile(r'"(\w+)":"((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True, slots=True)
class HookLine:
    at: str  # ISO 8601
    event: str
    conversation_id: str
    agent_id: str  # empty for the main agent
    topic: str = ""  # notification_type, source or error: what kind of event of its name it is
    tool: str = ""
    tool_use_id: str = ""
    detail: str = ""  # what a tool is to do, or what was said
    background_tasks: int = 0
    transcript: str = ""  # path of the agent's own record, as the agent sees it


def parse(line: bytes) -> HookLine | None:
    """None for what no hook of ours wrote."""
    try:
        value = orjson.loads(line.decode("utf-8", "replace"))
    except orjson.JSONDecodeError:
        return None
    fields = record(value)
    event = text(fields.get("event"))
    payload = record(fields.get("payload")) or _fields_of(text(fields.get("head")))
    if not event or not payload:
        return None
    return HookLine(
        at=_time_of(text(fields.get("at"))),
        event=event,
        conversation_id=text(payload.get("session_id")),
        agent_id=text(payload.get("agent_id")),
        topic=_first(payload, "notification_type", "source", "error"),
        tool=text(payload.get("tool_name")),
        tool_use_id=text(payload.get("tool_use_id")),
        detail=_detail(payload),
        background_tasks=len(items(payload.get("background_tasks"))),
        transcript=text(payload.get("transcript_path")),
    )


def _time_of(at: str) -> str:
    found = _TIME.match(at)
    # a `date` without milliseconds: the event came at some time in that second, so after most of it
    return f"{found[1]}{found[2] or '.999'}Z" if found else ""


def _detail(payload: Record) -> str:
    if payload.get("tool_name"):
        asked = input_text(payload.get("tool_input"))
    else:
        asked = _first(payload, "message", "last_assistant_message", "prompt")
    return one_line(asked, DETAIL_CHARACTERS)


def _first(payload: Record, *names: str) -> str:
    return next((payload[name] for name in names if isinstance(payload.get(name), str)), "")


def _fields_of(head: str) -> Record:
    """The texts at the beginning of a payload that was cut. Claude writes the small fields before the tool's input."""
    small, marker, rest = head.partition('"tool_input":')
    found: Record = {name: _unquoted(value) for name, value in _FIELD.findall(small)}
    if marker:
        found["tool_input"] = {name: _unquoted(value) for name, value in _FIELD.findall(rest)}
    return found


def _unquoted(value: str) -> str:
    try:
        return text(orjson.loads(f'"{value}"'))
    except orjson.JSONDecodeError:
        return value
