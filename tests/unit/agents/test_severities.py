"""How bad an error is, by each agent's own lines: what ends the work, what holds it up, and what is part of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from scopecraft.agents.base import dialect
from scopecraft.streams.activity import ActivityFold
from scopecraft.streams.lines import LineSplitter

Line = dict[str, Any]


def claude_like(*blocks: Line, kind: str = "assistant", **fields: Any) -> Line:
    return {"type": kind, "message": {"id": "m1", "role": kind, "content": list(blocks)}, **fields}


def failed_tool(**fields: Any) -> Line:
    return claude_like({"type": "tool_result", "tool_use_id": "t1", "is_error": True, "content": "no"}, kind="user")


def ended(**fields: Any) -> Line:
    return {"type": "result", "is_error": True, "num_turns": 1, **fields}


def codex_item(kind: str, **fields: Any) -> Line:
    return {"type": "item.completed", "item": {"id": "item_1", "type": kind, **fields}}


def opencode_tool(**state: Any) -> Line:
    part = {"type": "tool", "callID": "c1", "tool": "bash", "state": state}
    return {"type": "tool_use", "timestamp": 1, "sessionID": "s", "part": part}


def opencode_error(name: str) -> Line:
    return {"type": "error", "timestamp": 1, "sessionID": "s", "error": {"name": name, "data": {"message": "no"}}}


def opencode_end(reason: str) -> Line:
    part = {"type": "step-finish", "id": "p1", "reason": reason, "tokens": {}}
    return {"type": "step_finish", "timestamp": 1, "sessionID": "s", "part": part}


def gemini(kind: str, **fields: Any) -> Line:
    return {"type": kind, "timestamp": "2026-11-21T05:00:00Z", **fields}


def cursor_tool(**result: Any) -> Line:
    calls = {"shellToolCall": {"args": {}, "result": result}}
    return {"type": "tool_call", "subtype": "completed", "call_id": "c1", "tool_call": calls}


TEXT = {"type": "text", "text": "no"}

CASES: list[tuple[str, str, Line]] = [
    ("claude", "critical", claude_like(TEXT, error="authentication_failed")),
    ("claude", "critical", ended(subtype="error_max_turns", errors=["too many turns"])),
    ("claude", "critical", {"type": "rate_limit_event", "rate_limit_info": {"status": "rejected"}}),
    ("claude", "warning", {"type": "rate_limit_event", "rate_limit_info": {"status": "allowed_warning"}}),
    ("claude", "warning", {"type": "system", "subtype": "api_retry", "error_status": 529}),
    ("claude", "warning", ended(subtype="error_during_execution", terminal_reason="aborted_tools")),
    ("claude", "warning", ended(is_error=False, permission_denials=[{"tool_name": "Bash"}])),
    ("claude", "info", {"type": "system", "subtype": "hook_response", "outcome": "error", "hook_name": "x"}),
    ("claude", "info", failed_tool()),
    ("amp", "critical", ended(subtype="error_during_execution", error="no")),
    ("amp", "info", failed_tool()),
    ("qwen", "critical", ended(subtype="error_during_execution", error={"message": "no"})),
    ("qwen", "info", failed_tool()),
    ("cursor", "critical", ended(subtype="error", error="no")),
    ("cursor", "info", cursor_tool(failure={"stderr": "no", "exitCode": 2})),
    ("codex", "critical", {"type": "turn.failed", "error": {"message": "no"}}),
    ("codex", "warning", {"type": "error", "message": "Reconnecting... 1/5"}),
    ("codex", "warning", codex_item("error", message="a setting is old")),
    ("codex", "info", codex_item("command_execution", status="failed", exit_code=3, aggregated_output="no")),
    ("codex", "info", codex_item("file_change", status="failed", changes=[])),
    ("gemini", "critical", gemini("result", status="error", error={"type": "Error", "message": "no"}, stats={})),
    ("gemini", "critical", gemini("error", severity="error", message="no")),
    ("gemini", "warning", gemini("error", severity="warning", message="a loop")),
    ("gemini", "warning", gemini("result", status="error", error={"type": "FatalCancellationError", "message": "no"})),
    ("gemini", "info", gemini("tool_result", tool_id="t1", status="error", error={"message": "no"})),
    ("opencode", "critical", opencode_error("APIError")),
    ("opencode", "critical", opencode_end("length")),
    ("opencode", "warning", opencode_error("MessageAbortedError")),
    ("opencode", "info", opencode_tool(status="error", error="no")),
    ("opencode", "info", opencode_tool(status="completed", output="no", metadata={"exit": 3})),
]


@pytest.mark.parametrize(("agent", "severity", "line"), CASES, ids=str)
def test_an_error_is_as_bad_as_what_it_stops(agent: str, severity: str, line: Line) -> None:
    folding = ActivityFold(dialect(agent).entries)
    for each in LineSplitter().feed(json.dumps(line).encode() + b"\n"):
        folding.feed(each)
    assert [error.severity for error in folding.activity.errors] == [severity]
    assert folding.activity.unknown_count == 0


def test_what_no_agent_could_have_meant_is_a_warning() -> None:
    folding = ActivityFold(dialect("claude").entries)
    shown = [entry for each in LineSplitter().feed(b"Traceback\n") for entry in folding.feed(each)]
    assert [entry.error.severity for entry in shown] == ["warning"]  # type: ignore[union-attr]
