"""One row of a log in full: a long result, or all that a tool was given. And where a session's log is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from scopecraft.agents.base import Dialect, dialect_of_record
from scopecraft.errors import NotFound
from scopecraft.model.activity import ToolCall
from scopecraft.model.session import Session, is_live
from scopecraft.sessions.context import Context
from scopecraft.sessions.entry_words import said
from scopecraft.sessions.log_pages import LogFile, line_at
from scopecraft.sessions.log_rows import Row, RowReader
from scopecraft.sessions.redaction import secrets_of
from scopecraft.sessions.stream_end import stream_end

Source = Literal["stream", "stderr"]
FULL_CHARACTERS = 1_000_000
_DEEPEST = 12
_IDS = ("id", "call_id", "callID", "tool_id", "tool_use_id")
_INPUTS = ("input", "parameters", "args", "arguments")


@dataclass(frozen=True, slots=True)
class FullRow:
    """`text` is safe to show, without known keys; `is_cut` says that it has more than a screen is given."""

    row: Row
    text: str
    is_cut: bool


def source_file(context: Context, session: Session, source: Source) -> Path:
    folder = context.folder(session.id)
    return folder.stream if source == "stream" else folder.stderr


def log_of(context: Context, session: Session, source: Source = "stream") -> LogFile:
    file, end = source_file(context, session, source), stream_end(context.folder(session.id))
    return LogFile(file, row_reader(context, session, source), not is_live(session.status), end)


def row_reader(context: Context, session: Session, source: Source = "stream") -> RowReader:
    read = _dialect(session, source).entries
    return RowReader(read, secrets_of(context, session).redact, session.created_at)


def row_in_full(context: Context, session: Session, offset: int, nth: int, source: Source = "stream") -> FullRow:
    """Raises NotFound where no such row is, OperationFailed."""
    log = log_of(context, session, source)
    line = line_at(log, offset)
    row = next((row for row in log.reader.rows(line) if row.nth == nth), None) if line is not None else None
    if line is None or row is None:
        raise NotFound(f"the log of {session.id} has no row {offset}.{nth}", "a row is named by the byte it begins at")
    if line.oversized:
        return FullRow(row, row.text, is_cut=True)
    text = _told(_dialect(session, source), line.raw, nth)
    return FullRow(row, log.reader.safe(text, FULL_CHARACTERS), len(text) > FULL_CHARACTERS)


def _dialect(session: Session, source: Source) -> Dialect:
    """Complaints are plain text, whatever the agent speaks."""
    return dialect_of_record(session.dialect if source == "stream" else "plain")


def _told(spoken: Dialect, raw: bytes, nth: int) -> str:
    entries, kind, _ = spoken.entries(raw)
    told = [(entry, words) for entry in entries if (words := said(entry)) is not None]
    if kind == "damaged" or nth >= len(told):
        return raw.decode("utf-8", "replace")
    entry, words = told[nth]
    if not isinstance(entry, ToolCall):
        return words.text.strip("\r\n")
    return "\n".join(readable(given_to(raw, entry.id))) or entry.command or words.text


def given_to(raw: bytes, call_id: str) -> Any:
    """What the record says that the tool call was given; None where it does not."""
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    call = next((each for each in _objects(value) if call_id and call_id in _ids(each)), None)
    if call is None:
        return None
    inputs = (each[name] for each in _objects(call) for name in _INPUTS if each.get(name) not in (None, ""))
    given = next(inputs, None)
    if given is None:  # it stands beside the id
        return {name: each for name, each in call.items() if name not in (*_IDS, "type", "status")}
    return _unpacked(given)


def readable(value: Any, depth: int = 0) -> Iterator[str]:
    """A record as lines: texts as they are, without quotes and escapes."""
    if depth > _DEEPEST or not isinstance(value, dict | list) or not value:
        yield from _lines(value)
        return
    named = value.items() if isinstance(value, dict) else (("-", each) for each in value)
    for name, each in named:
        label = name if name == "-" else f"{name}:"
        lines = list(readable(each, depth + 1))
        if len(lines) == 1 and not (isinstance(each, dict | list) and each):
            yield f"{label} {lines[0]}".rstrip()
        else:
            yield label
            yield from (f"  {line}" for line in lines)


def _lines(value: Any) -> list[str]:
    if isinstance(value, str):
        return value.split("\n")
    return [] if value is None else [json.dumps(value, ensure_ascii=False)]


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    """All that are within it, the outer ones first."""
    level = [value]
    while level:
        yield from (each for each in level if isinstance(each, dict))
        level = [inner for each in level for inner in _within(each)]


def _within(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _ids(record: dict[str, Any]) -> list[Any]:
    return [record.get(name) for name in _IDS]


def _unpacked(given: Any) -> Any:
    """Some agents write the input as JSON within JSON."""
    if isinstance(given, str) and given.lstrip().startswith("{"):
        try:
            return json.loads(given)
        except (ValueError, RecursionError):
            return given
    return given
