"""Recorded runs of the real Claude Code, whole and damaged: outcome, tools, tokens and errors are right."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scopecraft.agents.base import dialect
from scopecraft.model.activity import Activity, Claim, Message, ToolCall, ToolResult, Trouble, Usage
from scopecraft.streams.activity import ActivityFold, read_activity
from scopecraft.streams.lines import LineSplitter

TRACES = Path(__file__).parents[2] / "data" / "traces"
CLAUDE = dialect("claude")
ALL = sorted(TRACES.glob("*/*.jsonl"))

DONE = Claim(is_error=False, stop_reason="end_turn")
TWO_CALLS = Usage(200, 84, 2000, 20, 0.00298)
ONE_CALL = Usage(100, 42, 1000, 10, 0.00149)
WITH_SUBAGENT = Usage(400, 168, 4000, 40, 0.00596)
NO_CALL = Usage(0, 0, 0, 0, 0.0)
REJECTED = "The user doesn't want to proceed with this tool use."


def activity_of(trace: str) -> Activity:
    return read_activity(TRACES / trace, CLAUDE.entries)


@pytest.mark.parametrize(
    ("trace", "is_error", "stop_reason", "text", "aborted"),
    [
        ("claude/agent", False, "end_turn", "Done (agent, 1 tool results).", False),
        ("claude/badresume", True, "error", "No conversation found with session ID: " + "0" * 8, False),
        ("claude/http400", True, "error", "API Error: 400 mock 400", False),
        ("claude/maxturns", True, "max_turn_requests", "Reached maximum number of turns (3)", False),
        ("claude/partial", False, "end_turn", "Done (tool, 1 tool results).", False),
        ("claude/sig_INT", True, "cancelled", "the turn was cut off", True),
        ("claude/think", False, "end_turn", "Thought done.", False),
        ("claude/toolerr", False, "end_turn", "Done (toolerr, 1 tool results).", False),
        ("damaged/interleaved_stderr", False, "end_turn", "Done (agent, 1 tool results).", False),
        ("damaged/unknown_types", False, "end_turn", "Done (agent, 1 tool results).", False),
    ],
)
def test_how_it_ended(trace: str, is_error: bool, stop_reason: str, text: str, aborted: bool) -> None:
    claim = activity_of(f"{trace}.jsonl").claim
    assert claim is not None
    assert (claim.is_error, claim.stop_reason, claim.aborted) == (is_error, stop_reason, aborted)
    assert claim.text.startswith(text)


def test_a_run_whose_result_line_is_cut_claims_nothing() -> None:
    assert activity_of("damaged/truncated_midline.jsonl").claim is None


@pytest.mark.parametrize(
    ("trace", "tools", "calls"),
    [
        ("claude/agent", ("Agent", "Bash"), 2),
        ("claude/badresume", (), 0),
        ("claude/http400", (), 0),
        ("claude/maxturns", ("Bash",), 3),
        ("claude/partial", ("Bash",), 1),
        ("claude/sig_INT", ("Bash",), 1),
        ("claude/think", (), 0),
        ("claude/toolerr", ("Bash",), 1),
        ("damaged/interleaved_stderr", ("Agent", "Bash"), 2),
        ("damaged/truncated_midline", ("Agent", "Bash"), 2),
        ("damaged/unknown_types", (), 0),
    ],
)
def test_which_tools_it_used(trace: str, tools: tuple[str, ...], calls: int) -> None:
    activity = activity_of(f"{trace}.jsonl")
    assert (activity.tools, activity.tool_calls, activity.open_tool_calls) == (tools, calls, 0)


@pytest.mark.parametrize(
    ("trace", "usage"),
    [
        ("claude/agent", WITH_SUBAGENT),
        ("claude/badresume", NO_CALL),
        ("claude/http400", NO_CALL),
        ("claude/maxturns", Usage(300, 126, 3000, 30, 0.00447)),
        ("claude/partial", TWO_CALLS),
        ("claude/sig_INT", ONE_CALL),
        ("claude/think", ONE_CALL),
        ("claude/toolerr", TWO_CALLS),
        ("damaged/interleaved_stderr", WITH_SUBAGENT),
        ("damaged/unknown_types", WITH_SUBAGENT),
    ],
)
def test_what_it_used(trace: str, usage: Usage) -> None:
    activity = activity_of(f"{trace}.jsonl")
    assert (activity.usage, activity.usage_is_final) == (usage, True)


def test_without_a_result_line_the_tokens_are_those_of_the_calls_that_were_seen() -> None:
    activity = activity_of("damaged/truncated_midline.jsonl")
    # three calls, the subagent's among them, each counted once although it has several lines
    assert (activity.usage.input_tokens, activity.usage.cache_read_tokens) == (300, 3000)
    assert (activity.usage.cost_usd, activity.usage_is_final) == (None, False)


@pytest.mark.parametrize(
    ("trace", "errors"),
    [
        ("claude/agent", []),
        ("claude/badresume", [("critical", "No conversation found with session ID: " + "0" * 8, 1)]),
        ("claude/http400", [("critical", "API Error: 400 mock 400", 2)]),
        ("claude/maxturns", [("critical", "Reached maximum number of turns (3)", 8)]),
        ("claude/partial", []),
        ("claude/sig_INT", [("info", REJECTED, 3), ("warning", "the turn was cut off", 5)]),
        ("claude/think", []),
        ("claude/toolerr", [("info", "Exit code 3\nout\nbad", 3)]),
        ("damaged/interleaved_stderr", []),
        ("damaged/truncated_midline", []),
        ("damaged/unknown_types", []),
    ],
)
def test_what_went_wrong(trace: str, errors: list[tuple[str, str, int]]) -> None:
    found = activity_of(f"{trace}.jsonl").errors
    assert [(error.severity, error.line) for error in found] == [(severity, line) for severity, _, line in errors]
    assert all(error.text.startswith(text) for error, (_, text, _) in zip(found, errors, strict=True))


@pytest.mark.parametrize(
    ("trace", "damaged", "unknown"),
    [
        ("damaged/interleaved_stderr", (2, 5), 0),
        ("damaged/truncated_midline", (12,), 0),
        ("damaged/unknown_types", (), 7),
        *((f"claude/{path.stem}", (), 0) for path in ALL if path.parent.name == "claude"),
    ],
)
def test_damage_costs_only_the_damaged_lines_and_they_are_named(
    trace: str, damaged: tuple[int, ...], unknown: int
) -> None:
    activity = activity_of(f"{trace}.jsonl")
    assert (activity.damaged_lines, activity.damaged_count) == (damaged, len(damaged))
    assert activity.unknown_count == unknown
    if trace != "claude/badresume":
        assert activity.model == "claude-opus-5-5"


def test_a_cut_line_may_still_grow_so_reading_goes_on_before_it() -> None:
    trace = TRACES / "damaged" / "truncated_midline.jsonl"
    whole_lines = trace.read_bytes().rpartition(b"\n")[0] + b"\n"
    assert activity_of("damaged/truncated_midline.jsonl").offset == len(whole_lines)


def test_what_was_said_in_a_run_with_a_subagent() -> None:
    lines = LineSplitter().feed((TRACES / "claude" / "agent.jsonl").read_bytes())
    said = [entry for line in lines for entry in CLAUDE.entries(line.raw)[0]]
    calls = [entry for entry in said if isinstance(entry, ToolCall)]
    assert [(call.name, call.input_text, call.subagent) for call in calls] == [
        ("Agent", "sub", False),
        ("Bash", "echo hi; echo err >&2", True),
    ]
    results = [entry for entry in said if isinstance(entry, ToolResult)]
    assert [(result.text[:6], result.is_error, result.subagent) for result in results] == [
        ("hi\nerr", False, True),
        ("  <too", False, False),
    ]
    assert Message("assistant", "Done (agent, 1 tool results).") in said


def test_the_words_between_a_programs_records_are_shown_as_damage() -> None:
    fold = ActivityFold(CLAUDE.entries)
    lines = LineSplitter().feed((TRACES / "damaged" / "interleaved_stderr.jsonl").read_bytes())
    said = [entry for line in lines for entry in fold.feed(line)]
    texts = [entry.error.text for entry in said if isinstance(entry, Trouble)]
    assert texts == [
        "not a record: Warning: no stdin data received in 3s, proceeding without it.",
        "not a record: (node:12) [DEP0040] DeprecationWarning: x",
    ]


@pytest.mark.parametrize("trace", ALL, ids=lambda path: path.stem)
@given(places=st.lists(st.integers(0), max_size=20))
@settings(max_examples=10, deadline=None)
def test_any_chunks_of_a_trace_give_the_same_activity(trace: Path, places: list[int]) -> None:
    data = trace.read_bytes()
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    splitter, fold = LineSplitter(), ActivityFold(CLAUDE.entries)
    for begin, end in pairwise(edges):
        for line in splitter.feed(data[begin:end]):
            fold.feed(line)
    if splitter.rest is not None:
        fold.feed(splitter.rest)
    assert fold.activity == read_activity(trace, CLAUDE.entries)
