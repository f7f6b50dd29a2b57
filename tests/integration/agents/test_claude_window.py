"""The real Claude Code in a terminal: hooks and registry tell how it stands, through approval, question and Esc."""

from __future__ import annotations

import os
import shlex
import time
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest

from scopecraft.agents.base import dialect
from scopecraft.agents.claude_dispatch import read_dispatch_state
from scopecraft.model.launch import AgentRequest
from scopecraft.model.window import DispatchState, WindowView
from tests.support.model_server import ModelServer
from tests.support.tmux import tmux
from tests.support.wait import until

pytestmark = [pytest.mark.claude, pytest.mark.tmux]

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


class Window:
    """Claude in a tmux window of its own server, with the hooks that the dialect made."""

    def __init__(self, folder: Path, binary: Path, server: ModelServer) -> None:
        self.work, self.config, self.hooks = folder / "my work", folder / "config", folder / "hooks"
        self._sockets = (folder / f"{number}.sock" for number in range(9))
        self._socket = next(self._sockets)
        self._server = server
        for each in (self.work, self.config, self.hooks):
            each.mkdir()
        self.request = AgentRequest(
            prompt=None,
            model=None,
            conversation_id=str(uuid.uuid4()),
            resume=False,
            cwd=str(self.work),
            config_folder=str(self.config),
            hooks_folder=str(self.hooks),
            program=(str(binary),),
            extra_arguments=("--permission-mode", "manual"),
            secrets={"ANTHROPIC_API_KEY": KEY},
        )

    def open(self, prompt: str | None, *, resume: bool = False) -> None:
        command = dialect("claude").interactive(replace(self.request, prompt=prompt, resume=resume))
        for folder, files in ((self.config, command.config_files), (self.hooks, command.session_files)):
            for name, content in files.items():
                if not (folder / name).exists():
                    (folder / name).write_bytes(content)
        names = ("PATH", "HOME", "TERM", "LANG")
        own = {name: os.environ[name] for name in names} | {"ANTHROPIC_API_KEY": KEY, "IS_SANDBOX": "1"}
        own |= {**command.env, "ANTHROPIC_BASE_URL": self._server.url}
        words = ["exec", "env", "-i", *(f"{name}={value}" for name, value in own.items()), *command.argv]
        size = ("-x", "120", "-y", "40")
        tmux(self._socket, "-f", "/dev/null", "new-session", "-d", *size, "-c", str(self.work), shlex.join(words))
        tmux(self._socket, "set-option", "-g", "remain-on-exit", "on")
        self._pid = int(tmux(self._socket, "display-message", "-p", "#{pane_pid}"))

    def state(self) -> DispatchState:
        stat = Path(f"/proc/{self._pid}/stat").read_text().rpartition(")")[2].split()
        view = WindowView(
            self.hooks,
            self.request.conversation_id,
            str(self.work),
            "2026-11-21T08:00:00.000Z",
            config_folder=self.config,
            pane_pid=self._pid,
            pane_started=int(stat[19]),
        )
        return read_dispatch_state(view)

    def becomes(self, kind: str, reason: str | None) -> DispatchState:
        found: list[DispatchState] = []

        def reached() -> bool:
            found.append(self.state())
            return (found[-1].kind, found[-1].reason) == (kind, reason)

        try:
            until(reached, 30)
        except AssertionError as error:
            screen = tmux(self._socket, "capture-pane", "-p")
            raise AssertionError(f"not {kind} ({reason}) but {self.state()}\n{screen}") from error
        return found[-1]

    def keys(self, *keys: str) -> None:
        tmux(self._socket, "send-keys", *keys)

    def answer(self, key: str) -> None:
        """Claude takes no key in the first moments of a question, lest it be meant for something else."""

        def pressed() -> bool:
            if "Esc to cancel" not in tmux(self._socket, "capture-pane", "-p"):
                return False
            self.keys(key)
            return True

        def gone() -> bool:
            return not pressed()

        until(pressed, what="the question on the screen")
        until(gone, every=0.5, what="an end of the question")

    def say(self, prompt: str) -> None:
        self.keys("-l", prompt)
        until(lambda: prompt in tmux(self._socket, "capture-pane", "-p"), what="the prompt on the screen")
        self.keys("Enter")

    def close(self) -> None:
        tmux(self._socket, "kill-server", check=False)
        self._socket = next(self._sockets)  # a server that is about to go takes no new windows

    def events(self) -> list[str]:
        return [orjson.loads(line)["event"] for line in (self.hooks / "hooks.jsonl").read_bytes().splitlines()]


@pytest.fixture
def window(clean_environment: Path, claude_binary: Path) -> Iterator[Window]:
    with ModelServer(SCRIPT) as server:
        window = Window(clean_environment, claude_binary, server)
        try:
            yield window
        finally:
            window.close()


def test_a_permission_is_asked_seen_and_given(window: Window) -> None:
    window.open("--SC:work, please")
    asked = window.becomes("waiting", "permission")
    assert asked.detail == "Bash: touch made; sleep 2"
    assert asked.conversation_id == window.request.conversation_id
    assert not (window.work / "made").exists()
    window.answer("Enter")
    # no hook tells of the approval: the registry does, while the tool still runs
    window.becomes("working", None)
    window.becomes("idle", "idle")
    assert (window.work / "made").exists()
    assert window.events()[:4] == ["SessionStart", "UserPromptSubmit", "PreToolUse", "PermissionRequest"]
    assert window.events()[-1] == "Stop"


def test_esc_while_it_works_ends_the_turn(window: Window) -> None:
    window.open("SC:slow")
    window.becomes("working", None)
    window.keys("Escape")
    state = window.becomes("idle", "idle")
    assert state.source == "registry"
    assert window.events() == ["SessionStart", "UserPromptSubmit"]


def test_esc_on_a_permission_ends_the_turn_and_the_next_prompt_works(window: Window) -> None:
    window.open("SC:work")
    window.becomes("waiting", "permission")
    window.answer("Escape")
    window.becomes("idle", "idle")
    window.say("SC:ask")
    window.becomes("waiting", "question")


def test_a_question_is_seen_and_answered(window: Window) -> None:
    window.open("SC:ask")
    assert window.becomes("waiting", "question").detail == "Which colour?"
    window.answer("Enter")
    window.becomes("idle", "idle")


def test_a_large_write_says_which_file(window: Window) -> None:
    window.open("SC:big")
    assert window.becomes("waiting", "permission").detail == f"Write: {window.work}/big.txt"
    window.answer("Enter")
    window.becomes("idle", "idle")
    assert max(len(line) for line in (window.hooks / "hooks.jsonl").read_bytes().splitlines()) < 4096


def test_a_subagent_that_asks_is_seen_though_the_main_turn_is_over(window: Window) -> None:
    window.open("SC:main")
    window.becomes("waiting", "permission")
    until(lambda: window.state().detail == "Bash: touch made; sleep 2")
    window.answer("Enter")
    window.becomes("idle", "idle")
    assert (window.work / "made").exists()


def test_without_a_prompt_it_waits_and_a_cleared_conversation_has_another_id(window: Window) -> None:
    window.open(None)
    first = window.becomes("idle", "idle").conversation_id
    window.say("/clear")
    until(lambda: window.state().conversation_id not in (None, first), 30)


def test_a_conversation_is_taken_up_again_in_another_window(window: Window) -> None:
    window.open("hello")
    until(lambda: "Stop" in window.events() if (window.hooks / "hooks.jsonl").exists() else False, 30)
    window.close()
    window.open(None, resume=True)
    until(lambda: window.events()[-1] == "SessionStart", 30)
    assert window.becomes("idle", "idle").conversation_id == window.request.conversation_id
    window.say("SC:work")
    window.becomes("waiting", "permission")


def test_a_look_takes_no_time(window: Window) -> None:
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
