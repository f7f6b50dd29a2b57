"""What single lines of `opencode run --format json` say; and that no line can stop the reading."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given

from scopecraft.agents.opencode_stream import read
from scopecraft.model.activity import (
    Claim,
    Entry,
    Finished,
    Message,
    Reading,
    Spent,
    Started,
    StreamError,
    ToolCall,
    ToolResult,
    Trouble,
)
from tests.support.odd_lines import FAST, any_bytes, odd_records

TOKENS = {"total": 137, "input": 100, "output": 20, "reasoning": 7, "cache": {"read": 8, "write": 2}}


def line(kind: str, part: dict[str, Any]) -> Reading:
    return read(json.dumps({"type": kind, "timestamp": 1, "sessionID": "ses_1", "part": part}).encode())


def say(kind: str, **part: Any) -> list[Entry]:
    entries, known, _ = line(kind, part)
    assert known == "known"
    return entries


def tool(**state: Any) -> list[Entry]:
    return say("tool_use", tool="bash", callID="c1", state={"input": {"command": "make"}, **state})


def test_every_step_names_the_conversation_and_voids_what_was_claimed_before() -> None:
    assert say("step_start", type="step-start") == [Started("ses_1", None, voids_claim=True)]


def test_words_and_thoughts() -> None:
    assert say("text", text="Done.") == [Message("assistant", "Done.")]
    assert say("reasoning", text="hm") == [Message("assistant", "hm", thinking=True)]


def test_a_tool_and_its_result_are_one_line() -> None:
    called = ToolCall("c1", "bash", "make", command="make")
    assert tool(status="completed", output="ok", metadata={"exit": 0}) == [called, ToolResult("c1", False, "ok")]
    assert tool(status="error", error="denied") == [called, ToolResult("c1", True, "denied")]


def test_a_command_that_failed_is_a_failure_though_the_tool_was_completed() -> None:
    assert tool(status="completed", output="no", metadata={"exit": 3})[1] == ToolResult("c1", True, "no")


def test_a_step_that_asks_for_tools_is_no_end_but_it_spends() -> None:
    part = {"id": "prt_1", "reason": "tool-calls", "tokens": TOKENS, "cost": 0.25}
    assert line("step_finish", part) == ([], "known", Spent("prt_1", 100, 27, 8, 2, 0.25))


@pytest.mark.parametrize("reason", ["stop", "unknown", "other", "new-word"])
def test_any_other_end_of_a_step_is_the_end_of_the_turn(reason: str) -> None:
    assert say("step_finish", reason=reason) == [Finished(Claim(False, "end_turn"), None)]


@pytest.mark.parametrize(
    ("reason", "stop_reason"), [("length", "max_tokens"), ("content-filter", "refusal"), ("error", "error")]
)
def test_an_answer_that_is_no_whole_answer_is_a_failure(reason: str, stop_reason: str) -> None:
    trouble, end = say("step_finish", reason=reason)
    assert isinstance(trouble, Trouble)
    assert trouble.error.severity == "critical"
    assert end == Finished(Claim(True, stop_reason, trouble.error.text), None)


def failed(error: object) -> list[Entry]:
    entries, known, _ = read(json.dumps({"type": "error", "sessionID": "ses_1", "error": error}).encode())
    assert known == "known"
    return entries


def test_an_error_of_the_model_ends_the_turn_in_its_words() -> None:
    said = "the model's server: 401 invalid key"
    error = {"name": "APIError", "data": {"message": "invalid key", "statusCode": 401, "isRetryable": False}}
    assert failed(error) == [Trouble(StreamError("critical", said)), Finished(Claim(True, "error", said), None)]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ({"name": "UnknownError"}, "UnknownError"),
        ({"message": "bare"}, "bare"),
        (None, "it failed and did not say why"),
    ],
)
def test_an_error_without_words_still_says_something(error: object, words: str) -> None:
    assert failed(error)[0] == Trouble(StreamError("critical", words))


def test_an_aborted_turn_says_nothing_about_success() -> None:
    _, end = failed({"name": "MessageAbortedError", "data": {"message": "Aborted"}})
    assert end == Finished(Claim(True, "cancelled", "Aborted", aborted=True), None)


@pytest.mark.parametrize(
    "raw",
    [b'{"type":"hologram","part":{}}', b'{"type":"text"}', b'{"type":"text","part":5}', b'{"type":["text"],"part":{}}',
     b"{}", b"[1]", b"null"],
)  # fmt: skip
def test_what_is_well_formed_but_not_known_is_counted_as_unknown(raw: bytes) -> None:
    assert read(raw) == ([], "unknown", None)


@pytest.mark.parametrize("raw", [b"Error: Session not found", b'{"type":"te', b"\x00"])
def test_what_is_no_json_is_damage(raw: bytes) -> None:
    assert read(raw) == ([], "damaged", None)


@pytest.mark.parametrize("raw", [b"", b"  ", b"\r"])
def test_an_empty_line_is_neither(raw: bytes) -> None:
    assert read(raw) == ([], "known", None)


FIELDS = """type part sessionID timestamp text tool callID state status input output error metadata exit reason tokens
cache read write cost id name data message statusCode command reasoning"""
TYPES = "step_start text reasoning tool_use step_finish error stop tool-calls completed"


@FAST
@given(odd_records(FIELDS, TYPES))
def test_known_fields_of_any_shape_raise_nothing(raw: bytes) -> None:
    read(raw)


@FAST
@given(any_bytes())
def test_any_bytes_raise_nothing(raw: bytes) -> None:
    read(raw)
