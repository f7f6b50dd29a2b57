"""The real Claude Code in a terminal: hooks and registry tell how it stands, through approval, question and Esc."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scopecraft.agents.base import dialect
from scopecraft.model.launch import AgentRequest
from tests.support.agent_window import AgentWindow
from tests.support.model_server import ModelServer
from tests.support.wait import until

pytestmark = [pytest.mark.claude, pytest.mark.tmux]

QUESTION = "Esc to cancel"  # stands below everything that it asks
KEY = "sk-ant-dummy-0123456789012345678901234567890"
ASK = {"questions": [{"question": "Which colour?", "header": "Colour", "multiSelect": False,
       "options": [{"label": "Red", "description": "r"}, {"label": "Blue", "description": "b"}]}]}  # fmt: skip
SCRIPT: dict[str, list[dict[str, Any]]] = {
    "SC:work": [
        {"text": "I make it.", "tool": "Bash", "input": {"command": "touch made; sleep 2", "description": "make"}},
        {"text": "All done."},
    ],
    "SC:slow": [{"text": "too late", "delay_seconds": 60}],
    "SC:ask": [{"tool": "AskUserQuestion", "input": ASK}, {"text": "Thank you."}],
    "SC:big": [
        {"tool": "Write", "input": {"file_path": "big.txt", "content": "long words\n" * 20_000}},
        {"text": "Written."},
    ],
    "SC:main": [
        {"tool": "Agent", "input": {"description": "sub", "prompt": "SC:work", "subagent_type": "general-purpose"}},
        {"text": "It works in the background."},
    ],
}


def claude_in(folder: Path, binary: Path, server: ModelServer) -> AgentWindow:
    work, config, hooks = folder / "my work", folder / "config", folder / "hooks"
    for each in (work, config, hooks):
        each.mkdir()
    request = AgentRequest(
        prompt=None,
        model=None,
        conversation_id=str(uuid.uuid4()),
        resume=False,
        cwd=str(work),
        config_folder=str(config),
        hooks_folder=str(hooks),
        program=(str(binary),),
        extra_arguments=("--permission-mode", "manual"),
        secrets={"ANTHROPIC_API_KEY": KEY},
    )
    own = {"ANTHROPIC_API_KEY": KEY, "IS_SANDBOX": "1", "ANTHROPIC_BASE_URL": server.url}
    return AgentWindow(folder, dialect("claude"), request, own)


@pytest.fixture
def window(clean_environment: Path, claude_binary: Path) -> Iterator[AgentWindow]:
    with ModelServer(SCRIPT) as server:
        window = claude_in(clean_environment, claude_binary, server)
        try:
            yield window
        finally:
            window.close()


def test_a_permission_is_asked_seen_and_given(window: AgentWindow) -> None:
    window.open("--SC:work, please")
    asked = window.becomes("waiting", "permission")
    assert asked.detail == "Bash: touch made; sleep 2"
    assert asked.conversation_id == window.request.conversation_id
    assert not (Path(window.request.cwd) / "made").exists()
    window.answer("Enter", QUESTION)
    # no hook tells of the approval: the registry does, while the tool still runs
    window.becomes("working", None)
    window.becomes("idle", "idle")
    assert (Path(window.request.cwd) / "made").exists()
    assert window.events()[:4] == ["SessionStart", "UserPromptSubmit", "PreToolUse", "PermissionRequest"]
    assert window.events()[-1] == "Stop"


def test_esc_while_it_works_ends_the_turn(window: AgentWindow) -> None:
    window.open("SC:slow")
    window.becomes("working", None)
    window.keys("Escape")
    state = window.becomes("idle", "idle")
    assert state.source == "registry"
    assert window.events() == ["SessionStart", "UserPromptSubmit"]


def test_esc_on_a_permission_ends_the_turn_and_the_next_prompt_works(window: AgentWindow) -> None:
    window.open("SC:work")
    window.becomes("waiting", "permission")
    window.answer("Escape", QUESTION)
    window.becomes("idle", "idle")
    window.say("SC:ask")
    window.becomes("waiting", "question")


def test_a_question_is_seen_and_answered(window: AgentWindow) -> None:
    window.open("SC:ask")
    assert window.becomes("waiting", "question").detail == "Which colour?"
    window.answer("Enter", QUESTION)
    window.becomes("idle", "idle")


def test_a_large_write_says_which_file(window: AgentWindow) -> None:
    window.open("SC:big")
    assert window.becomes("waiting", "permission").detail == f"Write: {window.request.cwd}/big.txt"
    window.answer("Enter", QUESTION)
    window.becomes("idle", "idle")
    assert max(len(line) for line in (window.hooks / "hooks.jsonl").read_bytes().splitlines()) < 4096


def test_a_subagent_that_asks_is_seen_though_the_main_turn_is_over(window: AgentWindow) -> None:
    window.open("SC:main")
    window.becomes("waiting", "permission")
    until(lambda: window.state().detail == "Bash: touch made; sleep 2")
    window.answer("Enter", QUESTION)
    window.becomes("idle", "idle")
    assert (Path(window.request.cwd) / "made").exists()


def test_without_a_prompt_it_waits_and_a_cleared_conversation_has_another_id(window: AgentWindow) -> None:
    window.open(None)
    first = window.becomes("idle", "idle").conversation_id
    window.say("/clear")
    until(lambda: window.state().conversation_id not in (None, first), 30)


def test_a_conversation_is_taken_up_again_in_another_window(window: AgentWindow) -> None:
    window.open("hello")
    until(lambda: "Stop" in window.events(), 30)
    window.close()
    window.open(None, resume=True)
    until(lambda: window.events()[-1] == "SessionStart", 30)
    assert window.becomes("idle", "idle").conversation_id == window.request.conversation_id
    window.say("SC:work")
    window.becomes("waiting", "permission")


def test_a_look_takes_no_time(window: AgentWindow) -> None:
    window.open("SC:work")
    window.becomes("waiting", "permission")
    filler = b'{"at":"2026-11-21T08:00:01.000Z","event":"PostToolUse","payload":{"session_id":"x","pad":"%s"}}\n'
    file = window.hooks / "hooks.jsonl"
    asked = file.read_bytes()
    file.write_bytes(filler % (b"p" * 900) * 5000 + asked)
    times = []
    for _ in range(50):
        begin = time.perf_counter()
        state = window.state()
        times.append(time.perf_counter() - begin)
    assert state.reason == "permission"
    assert min(times) < 0.001
