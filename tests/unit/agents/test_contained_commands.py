"""How each agent is called in a container with a person before it: it asks, and about nothing that it would forget."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from scopecraft.agents.base import dialect
from scopecraft.model.launch import AgentRequest

REQUEST = AgentRequest(
    prompt=None,
    model=None,
    conversation_id="0b1c3c52-9f2a-4a38-8ad4-d6f0c3a11111",
    resume=False,
    cwd="/w",
    config_folder="/session/agent/config",
    hooks_folder="/session/hooks",
    as_root=True,
)
BYPASSES = {"--dangerously-skip-permissions", "--dangerously-bypass-approvals-and-sandbox", "yolo", "--yolo"}
BYPASSES |= {"--auto", "--force", "--trust", "--dangerously-allow-all"}


@pytest.mark.parametrize("name", ["amp", "claude", "codex", "cursor", "gemini", "opencode", "qwen"])
def test_nobody_bypasses_what_a_person_is_there_to_be_asked(name: str) -> None:
    assert not BYPASSES & set(dialect(name).interactive(REQUEST).argv)


def test_claude_begins_in_the_mode_in_which_it_asks_and_does_not_ask_to_leave_it() -> None:
    files = dialect("claude").interactive(REQUEST).config_files
    assert json.loads(files["settings.json"])["permissions"] == {"defaultMode": "default"}
    assert json.loads(files[".claude.json"])["hasSeenAutoDefaultNudge"] is True
    alone = dialect("claude").headless(replace(REQUEST, prompt="x", sandboxed=True)).config_files
    assert "permissions" not in json.loads(alone["settings.json"])


def test_codex_has_no_sandbox_of_its_own_inside_one() -> None:
    argv = dialect("codex").interactive(REQUEST).argv
    assert argv[-4:] == ("--sandbox", "danger-full-access", "--ask-for-approval", "on-request")
    assert "--sandbox" not in dialect("codex").interactive(replace(REQUEST, config_folder=None)).argv


def test_gemini_is_not_asked_to_trust_a_folder_each_time_anew() -> None:
    assert "--skip-trust" in dialect("gemini").interactive(REQUEST).argv
    assert "--skip-trust" not in dialect("gemini").interactive(replace(REQUEST, config_folder=None)).argv
