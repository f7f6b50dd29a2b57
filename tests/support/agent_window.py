"""An agent in a tmux window of its own server, called as its dialect says, and looked at by its dialect."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import orjson

from scopecraft.agents.base import Dialect
from scopecraft.model.launch import AgentRequest
from scopecraft.model.window import DispatchState, WindowView
from tests.support.tmux import processes_of_session, tmux
from tests.support.wait import until

CREATED_AT = "2026-11-21T08:00:00.000Z"
PASSED_ON = ("PATH", "HOME", "TERM", "LANG")


@dataclass
class AgentWindow:
    """`request.hooks_folder` and its `cwd` are there; what the agent has of the environment is named here."""

    folder: Path  # for sockets
    dialect: Dialect
    request: AgentRequest
    environment: Mapping[str, str] = field(default_factory=dict)
    opened: int = 0
    pid: int = 0

    @property
    def socket(self) -> Path:
        # a server that is about to go takes no new windows
        return self.folder / f"{self.opened}.sock"

    @property
    def hooks(self) -> Path:
        assert self.request.hooks_folder is not None
        return Path(self.request.hooks_folder)

    def open(self, prompt: str | None, *, resume: bool = False) -> None:
        self.opened += 1
        command = self.dialect.interactive(replace(self.request, prompt=prompt, resume=resume))
        places = [(self.hooks, command.session_files)]
        if self.request.config_folder is not None:
            places.append((Path(self.request.config_folder), command.config_files))
        for folder, files in places:
            for name, content in files.items():
                if not (folder / name).exists():
                    (folder / name).write_bytes(content)
        own = {name: os.environ[name] for name in PASSED_ON} | {**command.env, **self.environment}
        words = ["exec", "env", "-i", *(f"{name}={value}" for name, value in own.items()), *command.argv]
        size = ("-x", "120", "-y", "40")
        start = ("-f", "/dev/null", "new-session", "-d", *size, "-c", self.request.cwd, shlex.join(words))
        tmux(self.socket, *start)
        tmux(self.socket, "set-option", "-g", "remain-on-exit", "on")
        self.pid = int(tmux(self.socket, "display-message", "-p", "#{pane_pid}"))

    def close(self) -> None:
        if self.opened:
            tmux(self.socket, "kill-server", check=False)
            with contextlib.suppress(AssertionError):
                until(lambda: not processes_of_session(self.pid), 5)
            for pid in processes_of_session(self.pid):  # an agent that a hang-up does not end
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    def view(self, *, age_seconds: float = 0.0) -> WindowView:
        stat = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        config = self.request.config_folder
        return WindowView(
            self.hooks,
            self.request.conversation_id,
            self.request.cwd,
            CREATED_AT,
            environ={**os.environ, **self.environment},
            config_folder=Path(config) if config else None,
            pane_pid=self.pid,
            pane_started=int(stat[19]),
            age_seconds=age_seconds,
        )

    def state(self, *, age_seconds: float = 0.0) -> DispatchState:
        return self.dialect.window_state(self.view(age_seconds=age_seconds))

    def becomes(self, kind: str, reason: str | None) -> DispatchState:
        found: list[DispatchState] = []

        def reached() -> bool:
            found.append(self.state())
            return (found[-1].kind, found[-1].reason) == (kind, reason)

        try:
            until(reached, 30)
        except AssertionError as error:
            raise AssertionError(f"not {kind} ({reason}) but {self.state()}\n{self.screen()}") from error
        return found[-1]

    def screen(self) -> str:
        return tmux(self.socket, "capture-pane", "-p")

    def shows(self, words: str) -> None:
        try:
            until(lambda: words in self.screen(), 30)
        except AssertionError as error:
            raise AssertionError(f"no {words!r} on the screen\n{self.screen()}") from error

    def keys(self, *keys: str) -> None:
        tmux(self.socket, "send-keys", *keys)

    def answer(self, key: str, words: str) -> None:
        """Agents take no key in the first moments of a question: pressed until its words are gone."""

        def pressed() -> bool:
            if words not in self.screen():
                return False
            self.keys(key)
            return True

        def gone() -> bool:
            return not pressed()

        until(pressed, 30, what=f"{words!r} on the screen")
        until(gone, every=0.5, what=f"an end of {words!r}")

    def say(self, prompt: str) -> None:
        self.keys("-l", prompt)
        self.shows(prompt)
        self.keys("Enter")

    def events(self) -> list[str]:
        """The hooks that came, in order."""
        file = self.hooks / "hooks.jsonl"
        return [orjson.loads(line)["event"] for line in file.read_bytes().splitlines()] if file.exists() else []
