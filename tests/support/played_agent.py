"""A real agent run headless and offline as its dialect says, with a configuration of its own and a scripted model."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from scopecraft.agents.base import Dialect
from scopecraft.model.activity import Activity
from scopecraft.model.launch import AgentRequest
from scopecraft.streams.activity import read_activity
from tests.support.model_server import ModelServer

KEY = "dummy-key-0123456789-abcdefghij"
# an agent that installs something of its own at its start has nobody to ask, and sees that at once
OFFLINE = {"npm_config_registry": "http://127.0.0.1:9", "npm_config_fetch_retries": "0"}


@dataclass(frozen=True)
class Ended:
    code: int
    activity: Activity
    stderr: str


@dataclass
class PlayedAgent:
    folder: Path
    dialect: Dialect
    program: Path
    model: str
    key: str  # the variable
    server: type[ModelServer]
    environment: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.work, self.config, self.stream = (self.folder / name for name in ("work", "config", "stream.jsonl"))
        self.work.mkdir()
        self.config.mkdir()

    def request(self, prompt: str, **changes: Any) -> AgentRequest:
        request = AgentRequest(
            prompt=prompt,
            model=self.model,
            conversation_id="",
            resume=False,
            cwd=str(self.work),
            config_folder=str(self.config),
            hooks_folder=None,
            program=(str(self.program),),
            sandboxed=True,
            secrets={self.key: KEY},
        )
        return replace(request, **changes)

    def start(self, request: AgentRequest, server: ModelServer) -> subprocess.Popen[bytes]:
        secrets = {**request.secrets, server.url_variable: server.url}
        command = self.dialect.headless(replace(request, secrets=secrets))
        for name, content in command.config_files.items():
            (self.config / name).parent.mkdir(parents=True, exist_ok=True)
            (self.config / name).write_bytes(content)
        own = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], **OFFLINE}
        with self.stream.open("wb") as stream, (self.folder / "stderr").open("wb") as errors:
            process = subprocess.Popen(
                command.argv,
                env={**own, **self.environment, **command.env, **secrets},
                cwd=self.work,
                stdin=subprocess.PIPE,
                stdout=stream,
                stderr=errors,
            )
        assert process.stdin is not None
        process.stdin.write(command.stdin or b"")
        process.stdin.close()
        return process

    def run(self, script: list[dict[str, Any]], request: AgentRequest) -> Ended:
        with self.server(script) as server:
            code = self.start(request, server).wait(120)
        activity = read_activity(self.stream, self.dialect.entries)
        return Ended(code, activity, (self.folder / "stderr").read_text())

    def files_with_the_key(self) -> list[Path]:
        return [path for path in self.folder.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()]
