"""What single lines of `codex exec --json` say; and that no line can stop the reading."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scopecraft.agents.codex_items import COMPLETED, STARTED, command_text
from scopecraft.agents.codex_stream import DONE_MARKS, read
from scopecraft.model.activity import (
    Claim,
    Entry,
    Finished,
    Message,
    Note,
    Started,
    StreamError,
    ToolCall,
    ToolResult,
    Trouble,
    Usage,
)

# no deadline: other processes may hold this one up for longer than any line takes
FAST = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def say(kind: str, **fields: Any) -> list[Entry]:
    entries, understood, spent = read(json.dumps({"type": kind, **fields}).encode())
    assert (understood, spent) == ("known", None)
    return entries


def item(kind: str, *, when: str = "completed", **fields: Any) -> list[Entry]:
    return say(f"item.{when}", item={"id": "item_1", "type": kind, **fields})


def test_its_words_and_its_thoughts() -> None:
    assert item("agent_message", text="hello", phase="final") == [Message("assistant", "hello")]
    assert item("reasoning", text="**hm**") == [Message("assistant", "**hm**", thinking=True)]
    assert item("plan", text="1. look") == [Message("assistant", "1. look")]
    assert item("agent_message", when="updated", text="hel") == []


def test_a_command_from_its_start_to_its_end() -> None:
    command = "/bin/bash -lc 'make test'"
    started = item("command_execution", when="started", command=command, aggregated_output="", status="in_progress")
    assert started == [ToolCall("item_1", "command_execution", "make test", command="make test")]
    over: dict[str, Any] = {"command": command, "aggregated_output": "ok\n"}
    assert item("command_execution", **over, exit_code=0, status="completed") == [ToolResult("item_1", False, "ok\n")]
    assert item("command_execution", **over, exit_code=3, status="failed") == [ToolResult("item_1", True, "ok\n")]


def test_a_command_that_failed_without_a_word_says_how() -> None:
    failed = item("command_execution", aggregated_output="", exit_code=7, status="failed")
    declined = item("command_execution", aggregated_output="", exit_code=None, status="declined")
    assert failed == [ToolResult("item_1", True, "exit code 7")]
    assert declined == [ToolResult("item_1", True, "declined")]


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        ("/bin/bash -lc 'echo hi; echo err >&2'", "echo hi; echo err >&2"),
        ("/bin/bash -lc ls", "ls"),
        ("bash -lc 'a'\"'\"'b'", "'a'\"'\"'b'"),
        ("git status", "git status"),
        ("/bin/sh -c '", "'"),
        ("", ""),
        ("python3 - <<'X'\nprint(1)\nX", "python3 - <<'X'\nprint(1)\nX"),
    ],
)
def test_a_command_is_shown_without_the_shell_around_it(command: str, shown: str) -> None:
    assert command_text(command) == shown


def test_a_change_of_files_is_one_call_that_is_over() -> None:
    changes = [{"path": "/w/a.py", "kind": "add"}, {"path": "/w/b.py", "kind": "update"}]
    call = ToolCall("item_1", "file_change", "add /w/a.py, update /w/b.py", files=("/w/a.py", "/w/b.py"))
    assert item("file_change", changes=changes, status="completed") == [call, ToolResult("item_1", False, "")]
    failed = ToolResult("item_1", True, "the change could not be made")
    assert item("file_change", changes=changes, status="failed") == [call, failed]
    assert item("file_change", when="started", changes=changes, status="in_progress") == []


def test_a_search_says_what_for() -> None:
    said = item("web_search", query="weather", action={"type": "search", "query": "weather"})
    assert said == [ToolCall("item_1", "web_search", "weather"), ToolResult("item_1", False, "")]
    assert item("web_search", query="", action={"url": "https://example.com"})[0] == ToolCall(
        "item_1", "web_search", "https://example.com"
    )


def test_a_call_of_an_mcp_tool() -> None:
    names: dict[str, Any] = {"server": "docs", "tool": "search", "arguments": {"q": "x"}}
    assert item("mcp_tool_call", when="started", **names) == [ToolCall("item_1", "docs.search", '{"q":"x"}')]
    result = {"content": [{"type": "text", "text": "found"}, {"type": "image"}]}
    assert item("mcp_tool_call", **names, result=result, status="completed") == [
        ToolResult("item_1", False, "found\n[image]")
    ]
    error = {"message": "no such page"}
    assert item("mcp_tool_call", **names, error=error, status="failed") == [ToolResult("item_1", True, "no such page")]


def test_a_call_of_another_agent() -> None:
    asked = item("collab_tool_call", when="started", tool="spawn_agent", prompt="look\nthere", status="in_progress")
    assert asked == [ToolCall("item_1", "spawn_agent", "look there")]
    states = {"t1": {"status": "completed", "message": "seen"}, "t2": {"status": "running", "message": None}}
    over = item("collab_tool_call", tool="wait", agents_states=states, status="completed")
    assert over == [ToolResult("item_1", False, "seen")]


def test_its_plan_is_told_when_it_is_made_and_when_it_changes() -> None:
    steps = [{"text": "look", "completed": True}, {"text": "mend", "completed": False}]
    told = [Note("plan: [x] look; [ ] mend")]
    assert item("todo_list", when="started", items=steps) == told
    assert item("todo_list", when="updated", items=steps) == told
    assert item("todo_list", items=steps) == []


def test_an_error_is_a_warning_until_the_turn_has_failed() -> None:
    assert say("error", message="Reconnecting... 1/5") == [Trouble(StreamError("warning", "Reconnecting... 1/5"))]
    assert item("error", message="no metadata") == [Trouble(StreamError("warning", "no metadata"))]
    assert say("turn.failed", error={"message": "no answer"}) == [
        Trouble(StreamError("critical", "no answer")),
        Finished(Claim(True, "error", "no answer"), None),
    ]


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ('{"error": {"type": "invalid", "message": "the model says no"}}', "the model says no"),
        ('{"detail": "Unsupported"}', "Unsupported"),
        ('{"error": 5}', '{"error": 5}'),
        ("{broken", "{broken"),
        ("", "the turn failed"),
    ],
)
def test_a_servers_answer_is_told_in_its_own_words(message: str, words: str) -> None:
    assert say("turn.failed", error={"message": message})[0] == Trouble(StreamError("critical", words))


def test_the_tokens_of_a_turn_are_apart_from_those_of_the_cache() -> None:
    usage = {"input_tokens": 100, "cached_input_tokens": 70, "cache_write_input_tokens": 10, "output_tokens": 20}
    assert say("turn.completed", usage=usage) == [Finished(Claim(False, "end_turn"), Usage(20, 20, 70, 10))]


@pytest.mark.parametrize("odd", [-5, 1e308, True, "many", None, [1], {}])
def test_an_odd_number_of_tokens_breaks_nothing(odd: object) -> None:
    for name in ("input_tokens", "cached_input_tokens", "output_tokens"):
        [finished] = say("turn.completed", usage={name: odd})
        assert isinstance(finished, Finished)
        assert finished.usage is not None
        assert finished.usage.input_tokens >= 0


def test_a_conversation_tells_its_id_first() -> None:
    assert say("thread.started", thread_id="01a1") == [Started("01a1", None)]


def test_a_question_that_nobody_can_answer_is_seen() -> None:
    asked = say("request_user_input", id="t", call_id="c", questions=[{"question": "Which?"}, {"question": "When?"}])
    assert asked == [Note("it asks: Which? / When?")]


def test_what_says_nothing_is_known_all_the_same() -> None:
    assert say("turn.started") == say("item.plan.delta", item_id="p", delta="x") == []


def test_what_is_new_is_unknown_and_nothing_more() -> None:
    for line in (
        {"type": "quantum"},
        {"type": "item.completed", "item": {"id": "1", "type": "hologram"}},
        {"type": "item.started"},
        {"type": 5},
    ):
        assert read(json.dumps(line).encode()) == ([], "unknown", None)
    assert read(b'{"type":"item.comp') == ([], "damaged", None)
    assert read(b"  ") == ([], "known", None)


def test_the_marks_of_the_end_are_in_the_end_of_a_turn_and_in_no_text_about_one() -> None:
    end = {"type": "turn.completed", "usage": {"input_tokens": 1}}
    told = {"type": "item.completed", "item": {"type": "agent_message", "text": orjson.dumps(end).decode()}}
    assert all(mark.encode() in orjson.dumps(end) for mark in DONE_MARKS)
    assert not all(mark.encode() in orjson.dumps(told) for mark in DONE_MARKS)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=10,
)
NAMES = "id text command aggregated_output exit_code status changes items server tool arguments result error message"
FIELDS = st.sampled_from(f"{NAMES} query action agents_states prompt".split())


@given(st.binary(max_size=200))
@FAST
def test_no_bytes_can_stop_the_reading(line: bytes) -> None:
    read(line)


@given(
    st.sampled_from(["item.started", "item.updated", "item.completed"]),
    st.sampled_from(sorted({*STARTED, *COMPLETED})),
    st.dictionaries(FIELDS, ANYTHING, max_size=6),
)
@FAST
def test_no_item_can_stop_the_reading(event: str, kind: str, fields: dict[str, Any]) -> None:
    entries, understood, _ = read(json.dumps({"type": event, "item": {**fields, "type": kind}}).encode())
    assert understood in ("known", "damaged")
    assert all(isinstance(entry.text, str) for entry in entries if isinstance(entry, Message | ToolResult))


@given(
    st.sampled_from(["thread.started", "turn.completed", "turn.failed", "error", "request_user_input"]),
    st.dictionaries(st.sampled_from(["usage", "error", "message", "questions", "thread_id", "item"]), ANYTHING),
)
@FAST
def test_no_event_can_stop_the_reading(event: str, fields: dict[str, Any]) -> None:
    read(json.dumps({**fields, "type": event}).encode())
