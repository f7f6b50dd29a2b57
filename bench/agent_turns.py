"""What other agents than Claude Code print for a model call with a text and a tool call, in real shapes and sizes."""

from __future__ import annotations

import json

_WORDS = "the tests of the parser fail where a line ends in half a character — I look at the “reader” and its callers. "
_SESSION, _MESSAGE = "ses_e0385e4e2ffeBDAim7dUEbKJ1r", "msg_1fc7a23450016x3W3xr3RUHHgg"


def _line(**fields: object) -> bytes:
    return json.dumps(fields, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def _output(number: int) -> str:
    return "\n".join(f"tests/test_reader.py:{row}: AssertionError: {row * number}" for row in range(12))


def gemini(number: int) -> bytes:
    stamp = "2026-11-21T05:00:08.127Z"
    call = f"run_shell_command__run_shell_command_1795237208127_{number}"
    pieces = [
        _line(type="message", timestamp=stamp, role="assistant", content=f"{number}: {_WORDS * size}", delta=True)
        for size in (1, 2, 1)
    ]
    parameters = {"command": f"pytest -x -k {number}", "description": "run the tests of the reader"}
    use = {"tool_name": "run_shell_command", "tool_id": call, "parameters": parameters}
    result = {"tool_id": call, "status": "success", "output": _output(number)}
    return b"".join(
        (*pieces, _line(type="tool_use", timestamp=stamp, **use), _line(type="tool_result", timestamp=stamp, **result))
    )


def opencode(number: int) -> bytes:
    output, snapshot = _output(number), "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
    tokens = {"total": 120, "input": 100, "output": 20, "reasoning": 0, "cache": {"write": 0, "read": 0}}
    state = {
        "status": "completed",
        "input": {"command": f"pytest -x -k {number}", "description": "run the tests of the reader"},
        "output": output,
        "metadata": {"output": output, "exit": 0, "truncated": False},
        "title": "run the tests of the reader",
        "time": {"start": 1795237225108, "end": 1795237225206},
    }
    parts: dict[str, dict[str, object]] = {
        "step_start": {"type": "step-start", "snapshot": snapshot},
        "text": {"type": "text", "text": f"{number}: {_WORDS}", "time": {"start": 1795237225097}},
        "tool_use": {"type": "tool", "tool": "bash", "callID": f"call_{number}", "state": state},
        "step_finish": {"type": "step-finish", "reason": "tool-calls", "tokens": tokens, "cost": 0.001},
    }
    return b"".join(
        _line(
            type=kind,
            timestamp=1795237225399,
            sessionID=_SESSION,
            part={"id": f"prt_{kind}_{number}", "messageID": _MESSAGE, "sessionID": _SESSION, **part},
        )
        for kind, part in parts.items()
    )
