"""Which files a tool call says it writes, and what it runs, in each agent's own way of saying it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from scopecraft.agents.base import dialect
from scopecraft.model.activity import ToolCall


def claude_like(name: str, given: dict[str, Any]) -> dict[str, Any]:
    block = {"type": "tool_use", "id": "t1", "name": name, "input": given}
    return {"type": "assistant", "message": {"id": "m1", "role": "assistant", "content": [block]}}


def opencode(name: str, given: dict[str, Any]) -> dict[str, Any]:
    part = {"type": "tool", "callID": "c1", "tool": name, "state": {"status": "completed", "input": given}}
    return {"type": "tool_use", "timestamp": 1, "sessionID": "ses_1", "part": part}


def gemini(name: str, given: dict[str, Any]) -> dict[str, Any]:
    return {"type": "tool_use", "tool_name": name, "tool_id": "t1", "parameters": given}


def cursor(name: str, given: dict[str, Any]) -> dict[str, Any]:
    return {"type": "tool_call", "subtype": "started", "call_id": "c1", "tool_call": {name: {"args": given}}}


PATCH = "*** Begin Patch\n*** Add File: new.py\n+x\n*** Update File: old.py\n*** Move to: moved.py\n*** End Patch"
CHANGES = {"type": "file_change", "id": "item_1", "status": "completed"}


def codex(*changes: dict[str, Any]) -> dict[str, Any]:
    return {"type": "item.completed", "item": {**CHANGES, "changes": list(changes)}}


@pytest.mark.parametrize(
    ("agent", "line", "files"),
    [
        ("claude", claude_like("Write", {"file_path": "/w/a.py", "content": "x"}), ("/w/a.py",)),
        ("claude", claude_like("NotebookEdit", {"notebook_path": "/w/a.ipynb"}), ("/w/a.ipynb",)),
        ("claude", claude_like("Read", {"file_path": "/w/a.py"}), ()),
        ("claude", claude_like("Bash", {"command": "touch a.py"}), ()),
        ("claude", claude_like("Write", {"file_path": 7}), ()),
        ("claude", claude_like("Write", {"file_path": "x" * 5000}), ()),
        ("amp", claude_like("create_file", {"path": "/w/a.py", "content": "x"}), ("/w/a.py",)),
        ("qwen", claude_like("write_file", {"file_path": "/w/a.py", "content": "x"}), ("/w/a.py",)),
        ("codex", codex({"path": "a.py", "kind": "add"}, {"path": "b.py", "kind": "update"}), ("a.py", "b.py")),
        ("gemini", gemini("replace", {"file_path": "a.py", "old_string": "x"}), ("a.py",)),
        ("gemini", gemini("read_file", {"absolute_path": "a.py"}), ()),
        ("opencode", opencode("write", {"filePath": "a.py", "content": "x"}), ("a.py",)),
        ("opencode", opencode("apply_patch", {"patchText": PATCH}), ("new.py", "old.py", "moved.py")),
        ("opencode", opencode("read", {"filePath": "a.py"}), ()),
        ("cursor", cursor("editToolCall", {"path": "a.py"}), ("a.py",)),
        ("cursor", cursor("readToolCall", {"path": "a.py"}), ()),
    ],
)
def test_the_files_that_a_tool_is_told_to_write_are_named(
    agent: str, line: dict[str, Any], files: tuple[str, ...]
) -> None:
    entries, _, _ = dialect(agent).entries(json.dumps(line).encode())
    assert [entry.files for entry in entries if isinstance(entry, ToolCall)] == [files]


LINES = "set -e\nmake"


@pytest.mark.parametrize(
    ("agent", "line", "command"),
    [
        ("claude", claude_like("Bash", {"command": LINES}), LINES),
        ("claude", claude_like("Bash", {"command": "x" * 5000}), "x" * 4000),
        ("claude", claude_like("Bash", {"command": ["make"]}), ""),
        ("claude", claude_like("Write", {"file_path": "a", "content": LINES}), ""),
        ("amp", claude_like("Bash", {"cmd": LINES}), LINES),
        ("qwen", claude_like("run_shell_command", {"command": LINES}), LINES),
        ("gemini", gemini("run_shell_command", {"command": LINES}), LINES),
        ("opencode", opencode("bash", {"command": LINES}), LINES),
        ("cursor", cursor("shellToolCall", {"command": LINES}), LINES),
        (
            "codex",
            {
                "type": "item.started",
                "item": {
                    "type": "command_execution",
                    "id": "item_1",
                    "status": "in_progress",
                    "command": f"/bin/bash -lc '{LINES}'",
                },
            },
            LINES,
        ),
    ],
)
def test_a_command_is_told_with_its_lines(agent: str, line: dict[str, Any], command: str) -> None:
    entries, _, _ = dialect(agent).entries(json.dumps(line).encode())
    assert [entry.command for entry in entries if isinstance(entry, ToolCall)] == [command]
