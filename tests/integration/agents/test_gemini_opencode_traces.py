"""Recorded runs of Gemini CLI and OpenCode: outcome, tools, usage and errors come out right, damaged or not."""

from __future__ import annotations

from pathlib import Path

import pytest

from scopecraft.agents import gemini_stream, opencode_stream
from scopecraft.model.activity import Activity, Claim, Usage
from scopecraft.streams.activity import ActivityFold, read_activity
from scopecraft.streams.lines import LineSplitter

TRACES = Path(__file__).parents[2] / "data" / "traces"
READERS = {"gemini": gemini_stream.read, "opencode": opencode_stream.read}
FINE = Claim(False, "end_turn")
ALL = [(agent, file.name) for agent in READERS for file in sorted((TRACES / agent).iterdir())]


def activity_of(agent: str, trace: str) -> Activity:
    return read_activity(TRACES / agent / trace, READERS[agent])


def test_a_short_answer_of_gemini() -> None:
    activity = activity_of("gemini", "hello.jsonl")
    assert (activity.claim, activity.last_message, activity.model) == (FINE, "Done (hello).", "gemini-2.5-flash")
    assert activity.conversation_id == "a0a80a06-151a-4dd3-a1ec-10e1537f970c"
    assert (activity.usage, activity.usage_is_final) == (Usage(50, 20, 50), True)
    assert (activity.tool_calls, activity.error_count, activity.unknown_count) == (0, 0, 0)


def test_a_tool_call_of_gemini() -> None:
    activity = activity_of("gemini", "tool.jsonl")
    assert (activity.tools, activity.tool_calls, activity.open_tool_calls) == (("run_shell_command",), 1, 0)
    assert (activity.claim, activity.last_message) == (FINE, "Done (tool).")
    assert activity.usage == Usage(100, 40, 100)


def test_a_refused_request_of_gemini() -> None:
    activity = activity_of("gemini", "http400.jsonl")
    assert activity.claim == Claim(True, "error", "the model's server: 400 mock 400")
    assert [error.severity for error in activity.errors] == ["critical"]


def test_a_short_answer_of_opencode() -> None:
    activity = activity_of("opencode", "hello.jsonl")
    assert (activity.claim, activity.last_message) == (FINE, "Done (hello).")
    assert activity.conversation_id == "ses_e0385f0d8ffeXcbD13ja6J7don"
    assert activity.usage == Usage(100, 20, 0, 0, 0.0)


def test_a_tool_call_of_opencode_and_the_sum_of_its_steps() -> None:
    activity = activity_of("opencode", "tool.jsonl")
    assert (activity.tools, activity.tool_calls, activity.open_tool_calls) == (("bash",), 1, 0)
    assert (activity.claim, activity.turns) == (FINE, 1)
    assert (activity.usage, activity.usage_is_final) == (Usage(200, 40, 0, 0, 0.0), True)


def test_opencode_that_was_cut_off_between_two_steps_claims_nothing() -> None:
    lines = (TRACES / "opencode" / "tool.jsonl").read_bytes().splitlines(keepends=True)
    fold = ActivityFold(opencode_stream.read)
    for line in LineSplitter().feed(b"".join(lines[:5])):
        fold.feed(line)
    assert fold.activity.claim is None
    assert fold.activity.tool_calls == 1


@pytest.mark.parametrize(("agent", "trace"), ALL)
def test_cut_anywhere_it_is_read_up_to_the_cut(agent: str, trace: str) -> None:
    data = (TRACES / agent / trace).read_bytes()
    for cut in range(0, len(data), 37):
        splitter, fold = LineSplitter(), ActivityFold(READERS[agent])
        for line in splitter.feed(data[:cut]):
            fold.feed(line)
        if splitter.rest is not None:
            fold.feed(splitter.rest)
        assert fold.activity.lines == data[:cut].count(b"\n") + (splitter.rest is not None)


@pytest.mark.parametrize(("agent", "trace"), ALL)
def test_complaints_between_the_lines_change_nothing_but_their_count(agent: str, trace: str) -> None:
    lines = (TRACES / agent / trace).read_bytes().splitlines(keepends=True)
    fold = ActivityFold(READERS[agent])
    for line in LineSplitter().feed(b"npm WARN old lockfile\n".join(lines)):
        fold.feed(line)
    whole = activity_of(agent, trace)
    assert (fold.activity.claim, fold.activity.usage) == (whole.claim, whole.usage)
    assert (fold.activity.tools, fold.activity.last_message) == (whole.tools, whole.last_message)
    assert fold.activity.damaged_count == len(lines) - 1


@pytest.mark.parametrize("agent", sorted(READERS))
@pytest.mark.parametrize("trace", sorted(file.name for file in (TRACES / "damaged").iterdir()))
def test_another_agents_damaged_log_is_read_without_a_claim_of_success(agent: str, trace: str) -> None:
    activity = read_activity(TRACES / "damaged" / trace, READERS[agent])
    assert activity.claim is None or activity.claim.is_error
    assert activity.damaged_count + activity.unknown_count > 0
