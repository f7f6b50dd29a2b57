"""What a row of a log shows, and what never gets into one."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import orjson
import pytest

from scopecraft.agents.base import dialect
from scopecraft.config.secrets import Secrets
from scopecraft.sessions.log_detail import given_to, readable
from scopecraft.sessions.log_rows import MESSAGE_CHARACTERS, Row, RowReader, told_at
from scopecraft.streams.lines import Line, LineSplitter

KEY = "sk-ant-0123456789abcdef"
STEERS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
HOSTILE = "\x1b]52;c;aGk=\x07\x1b[31mred\x1b[0m\x9b31m\u202eevil\x00\rend\x85"
TRACES = Path(__file__).parents[2] / "data" / "traces"


def rows_of(data: bytes, agent: str = "claude", seen_at: str | None = None) -> list[Row]:
    reader = RowReader(dialect(agent).entries, Secrets({"KEY": KEY}).redact)
    return [row for line in LineSplitter().feed(data) for row in reader.rows(line, seen_at)]


def says(*blocks: dict[str, Any], kind: str = "assistant") -> bytes:
    return orjson.dumps({"type": kind, "message": {"content": blocks}}) + b"\n"


def text(words: str) -> dict[str, Any]:
    return {"type": "text", "text": words}


def test_a_record_becomes_a_row_for_each_thing_that_it_says() -> None:
    call = {"type": "tool_use", "id": "t1", "name": "Bash", "input": {"command": "pytest -q"}}
    result = {"type": "tool_result", "tool_use_id": "t1", "content": "boom", "is_error": True}
    rows = rows_of(says(text("I test."), call) + says(result, kind="user"))
    assert [(row.kind, row.title, row.text, row.mood) for row in rows] == [
        ("message", "agent", "I test.", "plain"),
        ("tool", "Bash", "pytest -q", "plain"),
        ("result", "failed", "boom", "bad"),
    ]
    assert [(row.offset, row.nth, row.more) for row in rows[:2]] == [(0, 0, False), (0, 1, True)]


def test_nothing_in_a_row_can_steer_a_terminal_or_hide() -> None:
    call = {"type": "tool_use", "id": "t", "name": HOSTILE, "input": {"command": HOSTILE}}
    rows = rows_of(says(text(HOSTILE), call) + HOSTILE.encode() + b"\n")
    assert len(rows) == 3
    for row in rows:
        assert not STEERS.search(row.text + row.title)
    assert "red" in rows[0].text and "[31m" not in rows[0].text


@pytest.mark.parametrize("before", [0, MESSAGE_CHARACTERS - 9, MESSAGE_CHARACTERS + 5])
def test_a_key_is_in_no_row_not_even_a_part_of_it_where_the_text_is_cut(before: int) -> None:
    rows = rows_of(says(text("x" * before + KEY)) + b"x" * 190 + KEY.encode() + b"\n")
    assert "sk-ant" not in "".join(row.text for row in rows)


def test_a_damaged_line_says_so_and_the_next_one_is_read() -> None:
    rows = rows_of(b"\xff\xfe{rubbish\n" + says(text("on we go")))
    assert [(row.title, row.mood) for row in rows] == [("damaged", "caution"), ("agent", "plain")]
    assert rows[0].text.startswith("not a record: ")


def test_a_line_that_is_too_long_is_named_with_its_size() -> None:
    reader = RowReader(dialect("claude").entries, str)
    (row,) = reader.rows(Line(0, 10, 20_000_011, b"{" * 1024, oversized=True))
    assert row.text.startswith("20,000,001 bytes in one line, too many to read: {{{")


def test_pieces_of_a_message_are_one_row_until_somebody_else_speaks() -> None:
    lines = (TRACES / "gemini" / "hello.jsonl").read_bytes()
    reader = RowReader(dialect("gemini").entries, str)
    rows = [row for line in LineSplitter().feed(lines) for row in reader.rows(line)]
    joined = reader.joined(rows)
    assert "".join(row.text for row in joined) == "".join(row.text for row in rows)
    assert not any(one.piece and two.piece for one, two in pairwise(joined))


def test_the_time_is_what_the_stream_tells_else_when_it_was_seen() -> None:
    told = b'{"type":"user","message":{"content":"hi"},"timestamp":"2026-11-21T05:01:30.942Z"}\n'
    rows = rows_of(told + says(text("yes")), seen_at="2026-11-21T06:00:00.000Z")
    assert [row.at for row in rows] == ["2026-11-21T05:01:30.942Z", "2026-11-21T06:00:00.000Z"]


@pytest.mark.parametrize(
    ("raw", "at"),
    [
        (b'{"timestamp":1795237225119,"x":1}', "2026-11-21T05:00:25.119Z"),
        (b'{"timestamp":"2026-99-99T05:01:30Z"}', None),
        (b'{"text":"\\"timestamp\\":\\"2026-11-21T05:01:30Z\\""}', None),
        (b'{"timestamp":"2020-01-01T00:00:00Z"}', None),
    ],
)
def test_a_time_is_believed_only_where_it_can_be_one(raw: bytes, at: str | None) -> None:
    assert told_at(raw, since="2026-11-20T00:00:00.000Z") == at


def test_an_input_in_full_is_text_as_it_was_meant() -> None:
    given = {"file_path": "a.py", "new_string": "one\ntwo", "edits": [{"n": 1}, "x"], "all": True, "none": None}
    assert list(readable(given)) == [
        "file_path: a.py",
        "new_string:",
        "  one",
        "  two",
        "edits:",
        "  -",
        "    n: 1",
        "  - x",
        "all: true",
        "none:",
    ]


@pytest.mark.parametrize("agent", ["claude", "codex", "gemini", "opencode", "qwen", "cursor", "amp"])
def test_what_a_tool_was_given_is_found_in_the_records_of_every_agent(agent: str) -> None:
    lines = (TRACES / agent / "tool.jsonl" if agent != "claude" else TRACES / "claude" / "toolerr.jsonl").read_bytes()
    read = dialect(agent).entries
    calls = [(raw, entry) for raw in lines.splitlines() for entry in read(raw)[0] if type(entry).__name__ == "ToolCall"]
    assert calls
    for raw, call in calls:
        given = "\n".join(readable(given_to(raw, call.id)))
        assert call.input_text.split()[0].strip('"{}:') in given


def test_a_record_nested_without_end_is_no_trouble() -> None:
    deep: Any = "x"
    for _ in range(60):
        deep = {"input": deep, "id": "no"}
    assert list(readable(deep))
