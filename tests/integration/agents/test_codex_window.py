"""The real Codex in a terminal, with a person's own configuration: hooks of the one run tell how it stands."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scopecraft.agents.base import dialect
from scopecraft.model import clock
from scopecraft.model.launch import AgentRequest
from tests.support.agent_programs import program
from tests.support.agent_window import AgentWindow
from tests.support.scripted_openai import OpenAIServer
from tests.support.wait import until

pytestmark = pytest.mark.tmux

PERMISSION = "Yes, proceed"
KEY = "sk-dummy-0123456789012345678901234567890"
ASKING = {"cmd": "touch made; echo hi", "sandbox_permissions": "require_escalated", "justification": "to make it"}
SCRIPT: dict[str, list[dict[str, Any]]] = {
    "SC:work": [{"text": "I make it.", "tool": "exec_command", "input": ASKING}, {"text": "All done."}],
    "SC:plain": [{"tool": "exec_command", "input": {"cmd": "touch made"}}, {"text": "All done."}],
    "SC:slow": [{"text": "too late", "delay_seconds": 60}],
    "SC:fail": [{"error": 400, "message": "the model says no", "times": 0}],
}


class Person:
    """A home with a logged-in Codex, a repository in it that Codex trusts, and a worktree of that repository."""

    def __init__(self, folder: Path, server: OpenAIServer) -> None:
        self.own = folder / "home" / ".codex"
        self.own.mkdir()
        self.repository, self.worktree, self.hooks = folder / "shop", folder / "my worktree", folder / "hooks"
        self.hooks.mkdir()
        for command in (
            ["git", "init", "-q", "-b", "main", str(self.repository)],
            ["git", "-C", str(self.repository), "commit", "-q", "--allow-empty", "-m", "begin"],
            ["git", "-C", str(self.repository), "worktree", "add", "-q", "-b", "fix", str(self.worktree)],
        ):
            subprocess.run(command, check=True)
        (self.own / "auth.json").write_text(json.dumps({"OPENAI_API_KEY": KEY}))
        self.config = f'openai_base_url = "{server.url}"\nmodel = "gpt-5-scripted"\nnotify = ["true"]\n'
        self.trust = f'[projects."{self.repository}"]\ntrust_level = "trusted"\n'
        (self.own / "config.toml").write_text(self.config + self.trust)

    def window(self, folder: Path) -> AgentWindow:
        request = AgentRequest(
            prompt=None,
            model=None,
            conversation_id="",
            resume=False,
            cwd=str(self.worktree),
            config_folder=None,
            hooks_folder=str(self.hooks),
            program=(str(program("codex")),),
            extra_arguments=("-a", "on-request"),
        )
        return AgentWindow(folder, dialect("codex"), request)


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer(SCRIPT) as server:
        yield server


@pytest.fixture
def person(clean_environment: Path, server: OpenAIServer) -> Person:
    return Person(clean_environment, server)


@pytest.fixture
def window(clean_environment: Path, person: Person) -> Iterator[AgentWindow]:
    window = person.window(clean_environment)
    try:
        yield window
    finally:
        window.close()


def test_a_permission_is_asked_seen_and_given(window: AgentWindow, person: Person) -> None:
    begun = clock.to_text(clock.now())
    window.open("--SC:work, please")
    asked = window.becomes("waiting", "permission")
    assert asked.detail == "Bash: touch made; echo hi"
    assert asked.conversation_id is not None and len(asked.conversation_id) == 36
    assert not (person.worktree / "made").exists()
    assert window.dialect.turn_started(window.view(), begun) is True
    assert window.dialect.turn_started(window.view(), "2999-01-01T00:00:00.000Z") is False
    window.answer("y", PERMISSION)
    window.becomes("idle", "idle")
    assert (person.worktree / "made").exists()
    assert window.events()[:4] == ["SessionStart", "UserPromptSubmit", "PreToolUse", "PermissionRequest"]
    assert window.events()[-1] == "Stop"


def test_nothing_of_the_persons_own_is_changed_and_nobody_is_asked_to_trust_anything(
    window: AgentWindow, person: Person
) -> None:
    before = (person.own / "config.toml").read_text()
    window.open("hello")
    until(lambda: "Stop" in window.events(), 30)
    assert (person.own / "config.toml").read_text().startswith(before.split("[projects")[0])
    assert person.trust in (person.own / "config.toml").read_text()
    assert "sha256" not in (person.own / "config.toml").read_text()


def test_esc_ends_the_turn_while_it_works_and_while_it_asks(window: AgentWindow) -> None:
    window.open("SC:slow")
    window.becomes("working", None)
    window.answer("Escape", "esc to interrupt")
    window.becomes("idle", "idle")
    window.say("SC:work")
    window.becomes("waiting", "permission")
    window.answer("Escape", PERMISSION)
    window.becomes("idle", "idle")


def test_a_turn_that_fails_is_over_and_says_why(window: AgentWindow) -> None:
    window.open("SC:fail")
    until(lambda: "UserPromptSubmit" in window.events(), 30)
    state = window.becomes("idle", "idle")
    assert state.source == "transcript"
    assert "the model says no" in state.detail


def test_without_a_prompt_it_is_ready_for_one_under_an_id_that_is_known(window: AgentWindow) -> None:
    window.open(None)
    ready = window.becomes("idle", "idle")
    assert window.events() == []
    window.shows("Ask Codex to do anything")
    begun = clock.to_text(clock.now())
    assert window.dialect.turn_started(window.view(), begun) is False
    window.say("SC:work")
    assert window.becomes("waiting", "permission").conversation_id == ready.conversation_id
    assert window.dialect.turn_started(window.view(), begun) is True


def test_a_person_who_does_not_let_the_hooks_run_still_sees_how_it_stands(window: AgentWindow) -> None:
    window.open(None)
    window.close()
    (window.hooks / "hook.sh").write_text("exit 0\n")
    begun = clock.to_text(clock.now())
    window.open("SC:slow")
    working = window.becomes("working", None)
    assert (working.source, window.events()) == ("transcript", [])
    assert window.dialect.turn_started(window.view(), begun) is True
    window.answer("Escape", "esc to interrupt")
    window.becomes("idle", "idle")


def test_a_folder_that_the_person_does_not_trust_is_asked_about_in_the_window(
    window: AgentWindow, person: Person
) -> None:
    (person.own / "config.toml").write_text(person.config)
    window.open("hello")
    window.shows("trust")
    assert window.state(age_seconds=2).kind == "starting"
    asked = window.state(age_seconds=60)
    assert (asked.kind, asked.reason) == ("waiting", "question")
    assert "to trust the folder" in asked.detail
    window.answer("Enter", "trust")
    until(lambda: "Stop" in window.events(), 30)


def test_a_conversation_is_taken_up_again_in_another_window(window: AgentWindow) -> None:
    window.open("hello")
    until(lambda: "Stop" in window.events(), 30)
    first = window.becomes("idle", "idle").conversation_id
    assert first is not None
    window.close()
    window.request = replace(window.request, conversation_id=first)
    window.open("SC:work", resume=True)
    asked = window.becomes("waiting", "permission")
    assert asked.conversation_id == first
    until(lambda: window.events().count("SessionStart") == 2, 30)


def test_a_conversation_of_a_container_goes_on_in_a_window_with_its_own_configuration(
    clean_environment: Path, server: OpenAIServer
) -> None:
    """Nobody is asked to log in or to trust anything: the key is in the environment, all else in the folder."""
    folders = {name: clean_environment / name for name in ("work", "config", "hooks")}
    for folder in folders.values():
        folder.mkdir()
    request = AgentRequest(
        prompt="hello",
        model="gpt-5-scripted",
        conversation_id="",
        resume=False,
        cwd=str(folders["work"]),
        config_folder=str(folders["config"]),
        hooks_folder=str(folders["hooks"]),
        program=(str(program("codex")),),
        sandboxed=True,
        secrets={"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": server.url},
    )
    spoken = dialect("codex")
    headless = spoken.headless(request)
    for name, content in headless.config_files.items():
        (folders["config"] / name).write_bytes(content)
    own = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], **headless.env}
    told = subprocess.run(headless.argv, input=headless.stdin, env=own, cwd=folders["work"], capture_output=True)
    first = json.loads(told.stdout.splitlines()[0])["thread_id"]
    window = AgentWindow(clean_environment, spoken, replace(request, conversation_id=first))
    try:
        window.open("SC:plain", resume=True)
        until(lambda: "Stop" in window.events(), 30)
        ended = window.becomes("idle", "idle")
        assert ended.conversation_id == first
        assert (folders["work"] / "made").exists(), "nothing is asked in a sandbox"
    finally:
        window.close()
