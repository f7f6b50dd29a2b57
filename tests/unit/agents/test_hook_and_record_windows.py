"""How agents in windows stand by hooks alone, or by their own record alone; damage says nothing and stops nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from scopecraft.agents.base import dialect
from scopecraft.model.window import WindowView

ID = "0b1c3c52-9f2a-4a38-8ad4-d6f0c3a11111"
OPENCODE, GEMINI = dialect("opencode"), dialect("gemini")
CHATS = ".gemini/tmp/work/chats"
TEXT = [{"text": "do it"}]


def view(folder: Path, **changes: Any) -> WindowView:
    of_all: dict[str, Any] = {
        "conversation_id": "",
        "cwd": "/w",
        "created_at": "2026-11-21T08:00:00.000Z",
        "environ": {"HOME": str(folder)},
    }
    return WindowView(folder, **(of_all | changes))


def hooks(folder: Path, *events: tuple[str, dict[str, Any]]) -> None:
    lines = [
        json.dumps(
            {"at": f"2026-11-21T08:00:0{second}.000Z", "event": event, "payload": {"session_id": "ses_1"} | rest}
        )
        for second, (event, rest) in enumerate(events)
    ]
    (folder / "hooks.jsonl").write_text("".join(line + "\n" for line in lines))


def told(folder: Path, *lines: object) -> None:
    (folder / CHATS).mkdir(parents=True, exist_ok=True)
    (folder / ".gemini/projects.json").write_text(json.dumps({"projects": {"/w": "work"}}))
    file = folder / CHATS / f"session-2026-11-21T08-00-{ID[:8]}.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))


def said(kind: str, content: object, second: int = 1) -> dict[str, Any]:
    return {"id": "1", "timestamp": f"2026-11-21T08:00:0{second}.000Z", "type": kind, "content": content}


def test_an_opencode_that_has_not_said_a_word_may_be_asking_something(tmp_path: Path) -> None:
    assert OPENCODE.window_state(view(tmp_path)).kind == "starting"
    assert OPENCODE.window_state(view(tmp_path, age_seconds=60.0)).reason == "question"


def test_an_opencode_tells_its_conversation_and_how_it_stands(tmp_path: Path) -> None:
    ask = ("PermissionRequest", {"tool_name": "bash", "tool_input": {"command": "rm -r x"}})
    begin = [("SessionStart", {"source": "startup"}), ("UserPromptSubmit", {})]
    hooks(tmp_path, *begin)
    state = OPENCODE.window_state(view(tmp_path))
    assert (state.kind, state.conversation_id) == ("working", "ses_1")
    hooks(tmp_path, *begin, ask)
    state = OPENCODE.window_state(view(tmp_path))
    assert (state.kind, state.reason, state.detail) == ("waiting", "permission", "bash: rm -r x")
    hooks(tmp_path, *begin, ask, ("PostToolUse", {}), ("Stop", {}))
    assert OPENCODE.window_state(view(tmp_path)).kind == "idle"


def test_a_prompt_in_opencode_counts_from_its_time_on_and_a_subagents_does_not(tmp_path: Path) -> None:
    hooks(tmp_path, ("UserPromptSubmit", {}), ("UserPromptSubmit", {"agent_id": "ses_2"}))
    assert OPENCODE.turn_started(view(tmp_path), "2026-11-21T08:00:00.000Z")
    assert not OPENCODE.turn_started(view(tmp_path), "2026-11-21T08:00:01.000Z")


def test_a_gemini_without_a_record_may_be_asking_something(tmp_path: Path) -> None:
    assert GEMINI.window_state(view(tmp_path, conversation_id=ID)).kind == "starting"
    old = GEMINI.window_state(view(tmp_path, conversation_id=ID, age_seconds=60.0))
    assert (old.kind, old.reason) == ("waiting", "question")
    assert GEMINI.turn_started(view(tmp_path, conversation_id=ID), "2026") is None


def test_a_gemini_works_from_a_prompt_to_the_models_words_and_then_nobody_knows(tmp_path: Path) -> None:
    told(tmp_path, {"sessionId": ID}, said("user", [{"text": "<session_context> x"}]), said("user", TEXT, 2))
    state = GEMINI.window_state(view(tmp_path, conversation_id=ID))
    assert (state.kind, state.since) == ("working", "2026-11-21T08:00:02.000Z")
    told(tmp_path, said("user", TEXT), said("gemini", "I look.", 2), {"$set": {"lastUpdated": "x"}})
    assert GEMINI.window_state(view(tmp_path, conversation_id=ID)).kind == "unknown"


def test_a_prompt_in_gemini_counts_from_its_time_on_and_a_tools_result_does_not(tmp_path: Path) -> None:
    result = [{"functionResponse": {"id": "1"}}]
    told(tmp_path, said("user", TEXT, 1), said("gemini", "x", 2), said("user", result, 3))
    here = view(tmp_path, conversation_id=ID)
    assert GEMINI.turn_started(here, "2026-11-21T08:00:01.000Z") is True
    assert GEMINI.turn_started(here, "2026-11-21T08:00:02.000Z") is False


def test_a_gemini_in_a_container_has_its_record_in_its_own_folder(tmp_path: Path) -> None:
    told(tmp_path, said("user", TEXT))
    elsewhere = view(tmp_path, conversation_id=ID, environ={}, config_folder=tmp_path)
    assert GEMINI.window_state(elsewhere).kind == "working"


@pytest.mark.parametrize(
    "projects", [b"", b"{", b"[]", b'{"projects":{"/w":7}}', b'{"projects":{"/w":"../.."}}', b"\xff"]
)
def test_a_damaged_list_of_projects_says_nothing(tmp_path: Path, projects: bytes) -> None:
    told(tmp_path, said("user", TEXT))
    (tmp_path / ".gemini/projects.json").write_bytes(projects)
    assert GEMINI.window_state(view(tmp_path, conversation_id=ID)).kind == "starting"


@pytest.mark.parametrize("line", [b"{", b"[]", b"\xff", b'{"type":"user","content":{}}', b'{"type":["user"]}'])
def test_odd_lines_of_a_record_or_of_hooks_raise_nothing(tmp_path: Path, line: bytes) -> None:
    told(tmp_path)
    file = next((tmp_path / CHATS).iterdir())
    file.write_bytes(line + b"\n")
    (tmp_path / "hooks.jsonl").write_bytes(line + b"\n")
    for spoken in (GEMINI, OPENCODE):
        spoken.window_state(view(tmp_path, conversation_id=ID))
        assert not spoken.turn_started(view(tmp_path, conversation_id=ID), "2026-11-21T08:00:00.000Z")
