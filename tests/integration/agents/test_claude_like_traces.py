"""Streams of the agents that speak nearly like Claude Code: outcome, tools, usage and errors."""

from __future__ import annotations

from pathlib import Path

import pytest

from scopecraft.agents.base import dialect
from scopecraft.model.activity import Activity, Usage
from scopecraft.streams.activity import read_activity

TRACES = Path(__file__).parents[2] / "data" / "traces"
CLAUDE_LIKE = ("amp", "cursor", "qwen")
ALL = sorted(path for name in CLAUDE_LIKE for path in (TRACES / name).glob("*.jsonl"))


def activity_of(trace: str, before: Usage | None = None) -> Activity:
    path = TRACES / f"{trace}.jsonl"
    return read_activity(path, dialect(path.parent.name).entries, before=before or Usage())


@pytest.mark.parametrize(
    ("trace", "is_error", "stop_reason", "text"),
    [
        ("amp/tool", False, "end_turn", "It printed hi."),
        ("amp/fail", True, "error", "Out of credits"),
        ("cursor/tool", False, "end_turn", "I read the file first.Done: summary.txt is there."),
        ("qwen/tool", False, "end_turn", "All done."),
        ("qwen/resumed", False, "end_turn", "two"),
        ("qwen/http400", True, "error", "[API Error: 400 "),
    ],
)
def test_how_it_ended(trace: str, is_error: bool, stop_reason: str, text: str) -> None:
    activity = activity_of(trace)
    assert activity.claim is not None
    assert (activity.claim.is_error, activity.claim.stop_reason) == (is_error, stop_reason)
    assert activity.claim.text.startswith(text)
    assert activity.critical_count == int(is_error)


def test_a_run_that_stops_without_a_result_claims_nothing() -> None:
    assert activity_of("qwen/maxturns").claim is None


@pytest.mark.parametrize(
    ("trace", "tools", "failed"),
    [
        ("amp/tool", ("Bash",), 1),
        ("cursor/tool", ("read", "shell", "write"), 1),
        ("qwen/tool", ("run_shell_command",), 1),
        ("qwen/maxturns", ("run_shell_command",), 0),
    ],
)
def test_which_tools_it_used_and_which_of_them_failed(trace: str, tools: tuple[str, ...], failed: int) -> None:
    activity = activity_of(trace)
    assert (activity.tools, activity.tool_calls, activity.open_tool_calls) == (tools, len(tools), 0)
    assert sum(error.severity == "info" for error in activity.errors) == failed


@pytest.mark.parametrize(
    ("trace", "usage"),
    [
        # the sum of two calls; Amp counts the cache into its input, and we do not
        ("amp/tool", Usage(10 + 27, 48, 12_406 + 12_773, 367 + 30)),
        ("amp/fail", Usage()),
        ("cursor/tool", Usage(1200, 85, 9000, 300)),
        ("qwen/tool", Usage(220, 84, 2000)),
        ("qwen/http400", Usage()),
        ("qwen/maxturns", Usage(110, 42, 1000)),
    ],
)
def test_what_it_used(trace: str, usage: Usage) -> None:
    assert activity_of(trace).usage == usage


def test_qwen_counts_on_when_a_conversation_is_resumed() -> None:
    assert activity_of("qwen/resumed", activity_of("qwen/tool").usage).usage == Usage(220, 84, 2000)


@pytest.mark.parametrize("trace", ALL, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_line_is_understood(trace: Path) -> None:
    activity = read_activity(trace, dialect(trace.parent.name).entries)
    assert (activity.damaged_count, activity.unknown_count) == (0, 0)
    assert activity.conversation_id is not None
