"""Recorded streams of Codex, read whole: outcome, tools, usage and errors as they were."""

from __future__ import annotations

from pathlib import Path

import pytest

from scopecraft.agents.base import dialect
from scopecraft.model.activity import Activity, Claim, Usage
from scopecraft.streams.activity import ActivityFold, read_activity
from scopecraft.streams.lines import LineSplitter

TRACES = Path(__file__).parents[2] / "data" / "traces"
CODEX = dialect("codex")
NO_METADATA = ("warning", "Model metadata for `gpt-5-mock` not found. ", 2)
NO_ANSWER = "stream disconnected before completion: mock fail"


def activity_of(trace: str) -> Activity:
    return read_activity(TRACES / f"{trace}.jsonl", CODEX.entries)


@pytest.mark.parametrize(
    ("trace", "claim", "last_message"),
    [
        ("codex/hello", Claim(False, "end_turn"), "Done (hello)."),
        ("codex/tool", Claim(False, "end_turn"), "Done (tool)."),
        ("codex/fail", Claim(True, "error", NO_ANSWER), ""),
    ],
)
def test_how_it_ended(trace: str, claim: Claim, last_message: str) -> None:
    activity = activity_of(trace)
    assert (activity.claim, activity.last_message) == (claim, last_message)
    assert activity.conversation_id is not None
    assert (activity.turns, activity.open_tool_calls) == (1, 0)
    assert (activity.damaged_count, activity.unknown_count) == (0, 0)


@pytest.mark.parametrize(
    ("trace", "tools", "usage"),
    [
        ("codex/hello", (), Usage(20, 20, 80)),
        ("codex/tool", ("command_execution",), Usage(40, 40, 160)),
        ("codex/fail", (), Usage()),
    ],
)
def test_what_it_used(trace: str, tools: tuple[str, ...], usage: Usage) -> None:
    activity = activity_of(trace)
    assert (activity.tools, activity.tool_calls, activity.usage) == (tools, len(tools), usage)


@pytest.mark.parametrize(
    ("trace", "errors"),
    [
        ("codex/hello", [NO_METADATA]),
        ("codex/tool", [NO_METADATA]),
        (
            "codex/fail",
            [
                NO_METADATA,
                ("warning", "Reconnecting... 1/1 (", 4),
                ("warning", NO_ANSWER, 5),
                ("critical", NO_ANSWER, 6),
            ],
        ),
    ],
)
def test_what_went_wrong(trace: str, errors: list[tuple[str, str, int]]) -> None:
    found = activity_of(trace).errors
    assert [(error.severity, error.line) for error in found] == [(severity, line) for severity, _, line in errors]
    assert all(error.text.startswith(words) for error, (_, words, _) in zip(found, errors, strict=True))


def test_a_stream_of_another_agent_is_unknown_to_it_and_damage_is_still_damage() -> None:
    unknown = activity_of("damaged/unknown_types")
    assert (unknown.claim, unknown.damaged_count) == (None, 0)
    assert unknown.unknown_count == unknown.lines
    assert activity_of("damaged/interleaved_stderr").damaged_lines == (2, 5)
    cut = activity_of("damaged/truncated_midline")
    assert cut.damaged_lines == (12,)


def test_several_runs_of_a_conversation_in_one_stream_are_counted_once() -> None:
    """Codex tells the conversation's tokens, not the run's: the greatest number is the sum."""
    first = (TRACES / "codex" / "tool.jsonl").read_bytes()
    again = first.replace(
        b'"input_tokens":200,"cached_input_tokens":160', b'"input_tokens":300,"cached_input_tokens":240'
    )
    again = again.replace(b'"output_tokens":40', b'"output_tokens":60')
    fold = ActivityFold(CODEX.entries)
    for line in LineSplitter().feed(first + again):
        fold.feed(line)
    assert (fold.activity.usage, fold.activity.turns) == (Usage(60, 60, 240), 2)
