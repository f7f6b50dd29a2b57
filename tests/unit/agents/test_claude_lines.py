"""What single lines of Claude Code's stream-json say; and that no line can stop the reading."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scopecraft.agents.claude_stream import input_text, read
from scopecraft.agents.records import MOST_COUNTED
from scopecraft.model.activity import (
    Entry,
    Finished,
    Message,
    Note,
    Spent,
    Started,
    StreamError,
    ToolCall,
    ToolResult,
    Trouble,
)

# no deadline: other processes may hold this one up for longer than any line takes
FAST = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def say(**fields: Any) -> list[Entry]:
    entries, kind, _ = read(json.dumps(fields).encode())
    assert kind == "known"
    return entries


def assistant(*blocks: dict[str, Any], **fields: Any) -> list[Entry]:
    return say(type="assistant", message={"id": "m1", "role": "assistant", "content": list(blocks)}, **fields)


def test_words_thoughts_and_tools_of_the_agent() -> None:
    assert assistant({"type": "text", "text": "hello"}) == [Message("assistant", "hello")]
    assert assistant({"type": "thinking", "thinking": "hm"}) == [Message("assistant", "hm", thinking=True)]
    call = {"type": "tool_use", "id": "t1", "name": "Write", "input": {"file_path": "a.py", "content": "x"}}
    assert assistant(call, parent_tool_use_id="t0") == [ToolCall("t1", "Write", "a.py", subagent=True, files=("a.py",))]


def test_results_of_tools_in_all_their_shapes() -> None:
    def result(**fields: Any) -> list[Entry]:
        return say(type="user", message={"content": [{"type": "tool_result", "tool_use_id": "t1", **fields}]})

    assert result(content="ok") == [ToolResult("t1", False, "ok")]
    assert result(content="bad", is_error=True) == [ToolResult("t1", True, "bad")]
    blocks = [{"type": "text", "text": "a"}, {"type": "image", "source": {}}, {"type": "text", "text": "b"}]
    assert result(content=blocks) == [ToolResult("t1", False, "a\n[image]\nb")]
    assert result() == [ToolResult("t1", False, "")]


def test_a_message_given_as_a_string() -> None:
    assert say(type="user", message={"content": "do it"}) == [Message("user", "do it")]
    assert say(type="assistant", message={"content": "done"}) == [Message("assistant", "done")]


def test_esc_is_a_note_and_no_word_of_the_person() -> None:
    text = {"type": "text", "text": "[Request interrupted by user for tool use]"}
    assert say(type="user", message={"content": [text]}) == [Note("interrupted")]


def test_the_tokens_of_a_call_come_with_its_lines() -> None:
    usage = {"input_tokens": 3, "output_tokens": 5, "cache_read_input_tokens": 7, "cache_creation_input_tokens": 9}
    line = {"type": "assistant", "message": {"id": "m1", "content": [], "usage": usage}}
    assert read(json.dumps(line).encode())[2] == Spent("m1", 3, 5, 7, 9)


@pytest.mark.parametrize("odd", [-5, 1e308, True, "many", None, [1], 2.9])
def test_an_odd_number_of_tokens_breaks_nothing(odd: object) -> None:
    line = {"type": "assistant", "message": {"id": "m1", "content": [], "usage": {"input_tokens": odd}}}
    spent = read(json.dumps(line).encode())[2]
    assert spent is not None
    assert spent.input_tokens == (2 if odd == 2.9 else 0 if not isinstance(odd, float) else min(int(odd), MOST_COUNTED))


@pytest.mark.parametrize(
    ("fields", "severity", "words"),
    [
        (
            {"subtype": "api_retry", "attempt": 2, "max_retries": 10, "retry_delay_ms": 1176.4, "error_status": 529},
            "warning",
            "the model's server: 529; retry 2 of 10 in 1.2 s",
        ),
        (
            {"subtype": "api_retry", "attempt": 1, "max_retries": 10, "error_status": None, "error": "unknown"},
            "warning",
            "the model's server: no answer (unknown); retry 1 of 10 in 0.0 s",
        ),
        ({"subtype": "hook_response", "hook_name": "Stop", "outcome": "error", "stderr": "no\n"}, "info", "hook Stop"),
        ({"subtype": "session_writes_lost"}, "warning", "could not save the conversation"),
    ],
)
def test_notices_that_are_trouble(fields: dict[str, Any], severity: str, words: str) -> None:
    [entry] = say(type="system", **fields)
    assert isinstance(entry, Trouble)
    assert entry.error.severity == severity
    assert words in entry.error.text


def test_what_goes_on_beside_the_conversation_is_a_note() -> None:
    assert say(type="system", subtype="task_started", task_type="local_agent", description="look around") == [
        Note("subagent started: look around")
    ]
    assert say(type="system", subtype="compact_boundary", compact_metadata={"pre_tokens": 150000}) == [
        Note("the conversation was compacted from 150,000 tokens")
    ]


def test_a_conversation_that_was_cleared_goes_on_under_another_id() -> None:
    assert say(type="conversation_reset", new_conversation_id="two") == [Started("two", None)]


def test_an_error_of_the_model_is_said_once() -> None:
    message = {"content": [{"type": "text", "text": "Not logged in · Please run /login"}]}
    error = StreamError("critical", "Not logged in · Please run /login")
    assert say(type="assistant", error="authentication_failed", message=message) == [Trouble(error)]


def test_denied_tool_calls_are_told_at_the_end() -> None:
    denied = [{"tool_name": "Write"}, {"tool_name": "Bash"}, {"tool_name": "Bash"}]
    first, last = say(type="result", is_error=False, subtype="success", permission_denials=denied)
    assert first == Trouble(StreamError("warning", "tool calls were denied: Bash, Write"))
    assert isinstance(last, Finished)


@pytest.mark.parametrize(
    ("fields", "is_error", "stop_reason"),
    [
        ({"is_error": False, "subtype": "success", "terminal_reason": "completed"}, False, "end_turn"),
        ({"is_error": False, "subtype": "success"}, False, "end_turn"),
        ({"is_error": False, "terminal_reason": "tool_deferred"}, False, "end_turn"),
        ({"is_error": True, "subtype": "success", "terminal_reason": "api_error"}, True, "error"),
        ({"is_error": True, "terminal_reason": "api_error", "stop_reason": "refusal"}, True, "refusal"),
        ({"is_error": True, "subtype": "error_max_turns"}, True, "max_turn_requests"),
        ({"is_error": True, "subtype": "error_max_budget_usd"}, True, "budget"),
        ({"is_error": True, "terminal_reason": "aborted_streaming"}, True, "cancelled"),
        ({"subtype": "success"}, True, "error"),
        ({"is_error": "false"}, True, "error"),
    ],
)
def test_only_a_plain_false_in_is_error_is_success(fields: dict[str, Any], is_error: bool, stop_reason: str) -> None:
    finished = say(type="result", **fields)[-1]
    assert isinstance(finished, Finished)
    assert (finished.claim.is_error, finished.claim.stop_reason) == (is_error, stop_reason)


@pytest.mark.parametrize(
    "line",
    [
        b'{"type":"quantum_event"}',
        b'{"type":"system","subtype":"new_sub"}',
        b'{"type":"system"}',
        b'{"type":["assistant"]}',
        b'{"type":"assistant"}',
        b'{"type":"assistant","message":{"content":[{"type":"hologram"}]}}',
        b'{"type":"user","message":{"content":[{"type":{}}]}}',
        b"{}",
        b"[1,2,3]",
        b"null",
        b'"str"',
        b"17",
    ],
)
def test_what_is_well_formed_but_not_known_is_counted_as_unknown(line: bytes) -> None:
    assert read(line) == ([], "unknown", None)


@pytest.mark.parametrize(
    "line", [b"npm WARN deprecated", b'{"type":"assis', b"\x00" * 10, b'{"a":"\xff"}', b"{]", b"NaN"]
)
def test_what_is_no_json_is_damage(line: bytes) -> None:
    assert read(line) == ([], "damaged", None)


@pytest.mark.parametrize("line", [b"", b"  ", b"\r"])
def test_an_empty_line_is_neither(line: bytes) -> None:
    assert read(line) == ([], "known", None)


def test_a_text_that_was_cut_inside_an_emoji_is_read_all_the_same() -> None:
    line = rb'{"type":"assistant","message":{"content":[{"type":"text","text":"ok \ud83d \ud83d\ude00"}]}}'
    assert read(line)[0] == [Message("assistant", "ok ? 😀")]


def test_json_nested_too_deep_is_damage_and_no_crash() -> None:
    assert read(b'{"a\\ud800":' + b"[" * 100_000) == ([], "damaged", None)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"command": "make\n  test", "description": "x"}, "make test"),
        ({"file_path": "a b.py", "content": "…"}, "a b.py"),
        ({"questions": [{"question": "Which colour?"}]}, "Which colour?"),
        ({"unheard": [1, 2]}, '{"unheard":[1,2]}'),
        ({}, ""),
        ("free", "free"),
        ({"command": "x" * 3000}, "x" * 1999 + "…"),
    ],
)
def test_a_tool_call_in_one_line(value: object, text: str) -> None:
    assert input_text(value) == text


def test_an_input_nested_too_deep_is_left_out() -> None:
    deep: Any = []
    for _ in range(500):
        deep = [deep]
    assert input_text({"x": deep}) == ""


scalars = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats() | st.text(max_size=20)
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner))
FIELDS = """
    type subtype message content id usage error is_error parent_tool_use_id text thinking name input tool_use_id
    modelUsage total_cost_usd terminal_reason errors permission_denials rate_limit_info status resetsAt questions
    compact_metadata retry_delay_ms input_tokens model session_id stop_reason tool_name command question
"""
KINDS = """
    assistant user system result rate_limit_event conversation_reset text tool_use tool_result thinking init
    api_retry compact_boundary hook_response task_started rejected success server_tool_use x_tool_result
"""
NAMES = FIELDS.split()
TYPES = st.sampled_from(KINDS.split())
shapes = st.recursive(
    scalars | TYPES,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=6,
)
messages = st.fixed_dictionaries({"content": st.lists(st.dictionaries(st.sampled_from(NAMES), shapes, max_size=4))})
records = st.tuples(TYPES, shapes | messages, st.dictionaries(st.sampled_from(NAMES), shapes, max_size=3)).map(
    lambda parts: {"type": parts[0], "message": parts[1], **parts[2]}
)


@FAST
@given(records)
def test_known_fields_of_any_shape_raise_nothing(value: dict[str, Any]) -> None:
    try:
        line = orjson.dumps(value)
    except TypeError:  # half of a surrogate pair
        line = json.dumps(value).encode()
    read(line)


@FAST
@given(st.binary() | values.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_raise_nothing(line: bytes) -> None:
    read(line)
