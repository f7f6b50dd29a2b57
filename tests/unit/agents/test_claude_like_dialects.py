"""Amp, Cursor and Qwen Code: how they are called, what their own lines say, and that no line stops the reading."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scopecraft.agents.base import Dialect, dialect
from scopecraft.errors import BadInput
from scopecraft.model.activity import Entry, Finished, Message, Started, ToolCall, ToolResult
from scopecraft.model.launch import AgentRequest

FAST = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
ID = "6f0c9b1e-0c1f-4a43-9a5e-1d0b6d2f7a11"
KEY = "sk-dummy-0123456789"
IN_CONTAINER = AgentRequest(
    prompt="--fix it",
    model=None,
    conversation_id=ID,
    resume=False,
    cwd="/w",
    config_folder="/session/agent/config",
    hooks_folder=None,
    sandboxed=True,
    secrets={"OPENAI_API_KEY": KEY, "AMP_API_KEY": KEY, "CURSOR_API_KEY": KEY},
)
IN_WINDOW = replace(IN_CONTAINER, config_folder=None, sandboxed=False, hooks_folder="/hooks", secrets={})
NAMES = ["amp", "cursor", "qwen"]
AMP, CURSOR, QWEN = (dialect(name) for name in NAMES)


def test_headless_each_writes_a_stream_and_asks_nobody() -> None:
    assert AMP.headless(IN_CONTAINER).argv == ("amp", "-x", "--stream-json", "--dangerously-allow-all")
    assert CURSOR.headless(IN_CONTAINER).argv == (
        "cursor-agent", "-p", "--output-format", "stream-json", "--trust", "--force", "--", "--fix it",
    )  # fmt: skip
    assert QWEN.headless(IN_CONTAINER).argv == (
        "qwen", "--output-format", "stream-json", "--session-id", ID, "--yolo", "--auth-type", "openai",
    )  # fmt: skip
    assert (AMP.headless(IN_CONTAINER).stdin, QWEN.headless(IN_CONTAINER).stdin) == (b"--fix it", b"--fix it")


def test_a_conversation_is_taken_up_again_by_its_id() -> None:
    again = replace(IN_CONTAINER, resume=True)
    assert AMP.headless(again).argv[:4] == ("amp", "threads", "continue", ID)
    assert CURSOR.headless(again).argv[5:7] == ("--resume", ID)
    assert QWEN.headless(again).argv[3:5] == ("--resume", ID)
    assert AMP.interactive(replace(IN_WINDOW, resume=True, prompt=None)).argv == ("amp", "threads", "continue", ID)
    assert CURSOR.interactive(replace(IN_WINDOW, resume=True)).argv[:3] == ("cursor-agent", "--resume", ID)


def test_in_a_window_the_prompt_is_an_argument_whatever_it_begins_with() -> None:
    assert CURSOR.interactive(IN_WINDOW).argv == ("cursor-agent", "--", "--fix it")
    assert QWEN.interactive(IN_WINDOW).argv == ("qwen", "--session-id", ID, "--prompt-interactive=--fix it")
    with pytest.raises(BadInput, match="no prompt when it opens"):
        AMP.interactive(IN_WINDOW)
    assert AMP.interactive(replace(IN_WINDOW, prompt=None)).argv == ("amp",)


@pytest.mark.parametrize("spoken", [AMP, CURSOR, QWEN], ids=NAMES)
def test_permissions_are_bypassed_in_a_sandbox_and_only_there(spoken: Dialect) -> None:
    bypasses = {"--dangerously-allow-all", "--force", "--trust", "--yolo"}
    assert bypasses & set(spoken.headless(IN_CONTAINER).argv)
    assert not bypasses & set(spoken.headless(replace(IN_CONTAINER, sandboxed=False)).argv)
    assert not bypasses & set(spoken.interactive(replace(IN_WINDOW, prompt=None)).argv)


@pytest.mark.parametrize("spoken", [AMP, CURSOR, QWEN], ids=NAMES)
def test_headless_each_needs_a_prompt_and_keeps_its_key_to_the_environment(spoken: Dialect) -> None:
    with pytest.raises(BadInput, match="needs a prompt"):
        spoken.headless(replace(IN_CONTAINER, prompt=" "))
    command = spoken.headless(IN_CONTAINER)
    assert not any(KEY in part for part in (*command.argv, *command.env.values()))


def test_a_model_is_the_persons_choice_where_the_program_lets_one_choose() -> None:
    chosen = replace(IN_CONTAINER, model="big", extra_arguments=("--more",))
    for spoken in (CURSOR, QWEN):
        argv = spoken.headless(chosen).argv
        assert argv[argv.index("--model") + 1] == "big"
        assert "--more" in argv
    with pytest.raises(BadInput, match="chooses its models itself"):
        AMP.headless(chosen)


def test_qwen_asks_the_service_whose_key_is_there_unless_the_person_says_otherwise() -> None:
    anthropic = replace(IN_CONTAINER, secrets={"ANTHROPIC_API_KEY": KEY})
    assert QWEN.headless(anthropic).argv[-2:] == ("--auth-type", "anthropic")
    told = replace(anthropic, extra_arguments=("--auth-type", "gemini"))
    assert QWEN.headless(told).argv.count("--auth-type") == 1
    assert "--auth-type" not in QWEN.headless(replace(IN_CONTAINER, secrets={})).argv


def test_a_prompt_that_cannot_be_an_argument_is_refused_where_it_has_to_be_one() -> None:
    with pytest.raises(BadInput, match="100,000 bytes"):
        CURSOR.headless(replace(IN_CONTAINER, prompt="x" * 200_000))


def cursor(**fields: Any) -> list[Entry]:
    entries, understood, _ = CURSOR.entries(json.dumps(fields).encode())
    assert understood == "known"
    return entries


def tool(subtype: str, **call: Any) -> list[Entry]:
    return cursor(type="tool_call", subtype=subtype, call_id="c1", tool_call=call)


def test_tools_of_cursor_have_lines_of_their_own() -> None:
    assert tool("started", shellToolCall={"args": {"command": "ls"}}) == [ToolCall("c1", "shell", "ls", command="ls")]
    assert tool("started", function={"name": "look", "arguments": '{"a":1}'}) == [ToolCall("c1", "look", '{"a":1}')]
    ok = {"result": {"success": {"content": "# Shop", "totalLines": 1}}}
    assert tool("completed", readToolCall=ok) == [ToolResult("c1", False, "# Shop")]
    failed = {"result": {"failure": {"exitCode": 3, "stdout": "hi\n", "stderr": "bad"}}}
    assert tool("completed", shellToolCall=failed) == [ToolResult("c1", True, "hi\nbad")]
    assert tool("completed", shellToolCall={"result": {"success": {"exitCode": 1, "stdout": ""}}})[0] == ToolResult(
        "c1", True, '{"exitCode":1,"stdout":""}'
    )
    refused = {"result": {"rejected": {"reason": "not allowed"}}}
    assert tool("completed", shellToolCall=refused) == [ToolResult("c1", True, "not allowed")]
    assert tool("completed", grepToolCall={}) == [ToolResult("c1", False, "")]


def test_thoughts_of_cursor_are_told_when_they_are_whole() -> None:
    assert cursor(type="thinking", subtype="delta", text="h") == []
    assert cursor(type="thinking", subtype="completed", text="hm") == [Message("assistant", "hm", thinking=True)]


def test_the_beginning_of_a_qwen_session_has_two_names() -> None:
    for subtype in ("init", "session_start"):
        line = json.dumps({"type": "system", "subtype": subtype, "session_id": ID, "model": "m"}).encode()
        assert QWEN.entries(line)[0] == [Started(ID, "m", voids_claim=True)]


@pytest.mark.parametrize("spoken", [AMP, CURSOR, QWEN], ids=NAMES)
def test_the_marks_of_the_end_are_in_a_result_and_in_no_text_about_one(spoken: Dialect) -> None:
    marks = [mark.encode() for mark in spoken.headless(IN_CONTAINER).done_marks]
    result = {"type": "result", "is_error": False, "num_turns": 1, "duration_api_ms": 5, "result": "x"}
    line = json.dumps(result, separators=(",", ":")).encode()
    told = json.dumps({"type": "assistant", "text": line.decode()}, separators=(",", ":")).encode()
    assert all(mark in line for mark in marks)
    assert not all(mark in told for mark in marks)
    assert isinstance(spoken.entries(line)[0][-1], Finished)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=10,
)
OF_A_LINE = "subtype message usage result error errors is_error tool_call call_id text permission_denials session_id"
FIELDS = st.sampled_from(OF_A_LINE.split())


@pytest.mark.parametrize("spoken", [AMP, CURSOR, QWEN], ids=NAMES)
@given(
    kind=st.sampled_from(["system", "assistant", "user", "result", "tool_call", "thinking"]),
    fields=st.dictionaries(FIELDS, ANYTHING, max_size=6),
    usage=ANYTHING,
)
@FAST
def test_no_record_can_stop_the_reading(spoken: Dialect, kind: str, fields: dict[str, Any], usage: Any) -> None:
    spoken.entries(json.dumps({**fields, "type": kind}).encode())
    spoken.entries(
        json.dumps({"type": kind, "message": {"usage": usage, "content": [fields]}, "usage": usage}).encode()
    )
    for subtype in ("started", "completed"):
        call = {"type": kind, "subtype": subtype, "tool_call": {"x": {"args": usage, "result": fields}}}
        spoken.entries(json.dumps(call).encode())


@pytest.mark.parametrize("spoken", [AMP, CURSOR, QWEN], ids=NAMES)
@given(line=st.binary(max_size=200))
@FAST
def test_no_bytes_can_stop_the_reading(spoken: Dialect, line: bytes) -> None:
    spoken.entries(line)
