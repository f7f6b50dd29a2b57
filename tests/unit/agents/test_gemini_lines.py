"""What single lines of Gemini CLI's stream-json say; and that no line can stop the reading."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scopecraft.agents.gemini_errors import exit_meaning
from scopecraft.agents.gemini_stream import DONE_MARKS, NO_ANSWER, read
from scopecraft.model.activity import (
    Claim,
    Entry,
    Finished,
    Message,
    Started,
    StreamError,
    ToolCall,
    ToolResult,
    Trouble,
    Usage,
)
from tests.support.odd_lines import FAST, any_bytes, odd_records

STATS = {"total_tokens": 130, "input_tokens": 100, "output_tokens": 20, "cached": 40, "input": 60, "tool_calls": 1}
USED = Usage(60, 30, 40)


def say(**fields: Any) -> list[Entry]:
    entries, kind, spent = read(json.dumps(fields).encode())
    assert (kind, spent) == ("known", None)
    return entries


def test_the_first_line_names_conversation_and_model() -> None:
    assert say(type="init", session_id="a0a8", model="gemini-2.5-pro") == [Started("a0a8", "gemini-2.5-pro")]


def test_words_of_the_agent_are_pieces_and_those_of_the_person_are_whole() -> None:
    assert say(type="message", role="assistant", content="Do", delta=True) == [
        Message("assistant", "Do", is_chunk=True)
    ]
    assert say(type="message", role="assistant", content="Done") == [Message("assistant", "Done")]
    assert say(type="message", role="user", content="go") == [Message("user", "go")]


def test_tools_and_their_results() -> None:
    call = {"tool_id": "t1", "tool_name": "run_shell_command", "parameters": {"command": "ls", "description": "x"}}
    assert say(type="tool_use", **call) == [ToolCall("t1", "run_shell_command", "ls", command="ls")]
    assert say(type="tool_result", tool_id="t1", status="success", output="a") == [ToolResult("t1", False, "a")]
    assert say(type="tool_result", tool_id="t1", status="success") == [ToolResult("t1", False, "")]
    error = {"type": "tool_not_registered", "message": "no such tool"}
    failed = [ToolResult("t1", True, "no such tool")]
    assert say(type="tool_result", tool_id="t1", status="error", output="shown", error=error) == failed
    assert say(type="tool_result", tool_id="t1", status="error", output="shown") == [ToolResult("t1", True, "shown")]


@pytest.mark.parametrize(("severity", "ours"), [("warning", "warning"), ("error", "critical"), ("new", "critical")])
def test_errors_keep_their_severity(severity: str, ours: Any) -> None:
    assert say(type="error", severity=severity, message="Loop detected") == [
        Trouble(StreamError(ours, "Loop detected"))
    ]


def test_a_good_end_has_the_totals_of_the_process_thinking_included() -> None:
    assert say(type="result", status="success", stats=STATS) == [Finished(Claim(False, "end_turn"), USED)]


def test_an_error_of_the_api_is_told_in_its_own_words() -> None:
    inside = json.dumps({"error": {"code": 400, "message": "mock 400", "status": "X"}})
    said = "the model's server: 400 mock 400"
    error = {"type": "unknown", "message": f"[API Error: {inside}]"}
    trouble = Trouble(StreamError("critical", said))
    assert say(type="result", status="error", error=error) == [trouble, Finished(Claim(True, "error", said), Usage())]


@pytest.mark.parametrize("words", ["[API Error: quota]", "[API Error: {}]", "[API Error: [1]]", "[API Error: 5"])
def test_an_error_of_the_api_in_another_shape_stays_as_it_is(words: str) -> None:
    finished = say(type="result", status="error", error={"message": words})[-1]
    assert isinstance(finished, Finished)
    assert finished.claim.text == words


def test_its_own_limit_of_turns_and_a_cancelled_run_are_told_apart() -> None:
    limit = say(type="result", status="error", error={"type": "FatalTurnLimitedError", "message": "Reached max"})[-1]
    assert limit == Finished(Claim(True, "max_turn_requests", "Reached max"), Usage())
    cancelled = {"type": "FatalCancellationError", "message": "Operation cancelled."}
    trouble, end = say(type="result", status="error", error=cancelled)
    assert trouble == Trouble(StreamError("warning", "Operation cancelled."))
    assert end == Finished(Claim(True, "cancelled", "Operation cancelled.", aborted=True), Usage())


@pytest.mark.parametrize("status", ["error", "new", None, 1])
def test_only_success_is_success_and_an_error_without_words_was_told_before(status: Any) -> None:
    assert say(type="result", status=status, stats=STATS) == [Finished(Claim(True, "error", NO_ANSWER), USED)]


@pytest.mark.parametrize(
    "line",
    [
        b'{"type":"quantum_event"}',
        b'{"type":["message"]}',
        b'{"type":"message","role":"assistant"}',
        b'{"type":"message","role":"oracle","content":"x"}',
        b"{}",
        b"[1]",
        b"null",
    ],
)
def test_what_is_well_formed_but_not_known_is_counted_as_unknown(line: bytes) -> None:
    assert read(line) == ([], "unknown", None)


@pytest.mark.parametrize("line", [b"YOLO mode is enabled.", b'{"type":"mess', b"\x00"])
def test_what_is_no_json_is_damage(line: bytes) -> None:
    assert read(line) == ([], "damaged", None)


@pytest.mark.parametrize("line", [b"", b"  ", b"\r"])
def test_an_empty_line_is_neither(line: bytes) -> None:
    assert read(line) == ([], "known", None)


@pytest.mark.parametrize(
    ("code", "words"),
    [(41, "it is not logged in"), (55, "it does not trust the folder"), (144, "the model's server answered 400"),
     (173, "the model's server answered 429"), (247, "the model's server answered 503"), (0, ""), (1, ""), (137, "")],
)  # fmt: skip
def test_exit_codes_in_words(code: int, words: str) -> None:
    assert exit_meaning(code) == words


def test_the_marks_of_a_finished_run_stand_in_no_text() -> None:
    line = json.dumps({"type": "message", "content": "".join(DONE_MARKS)}, separators=(",", ":"))
    assert not all(mark in line for mark in DONE_MARKS)


FIELDS = """type role content delta session_id model tool_id tool_name parameters status output error message severity
stats total_tokens input_tokens output_tokens cached command"""
TYPES = "init message tool_use tool_result error result assistant user success warning"


@FAST
@given(odd_records(FIELDS, TYPES))
def test_known_fields_of_any_shape_raise_nothing(line: bytes) -> None:
    read(line)


@FAST
@given(any_bytes())
def test_any_bytes_raise_nothing(line: bytes) -> None:
    read(line)


@FAST
@given(st.integers())
def test_any_exit_code_has_a_meaning_or_none(code: int) -> None:
    assert isinstance(exit_meaning(code), str)
