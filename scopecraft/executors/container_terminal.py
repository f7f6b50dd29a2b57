"""An interactive agent in a container that lives and ends with it; its terminal is whoever makes this.

The agent is a further process of the container, with a terminal of the engine's. The container's first process waits
for its end, reads out the commits and ends as the agent did (`keeper.sh`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from scopecraft.atomic import replace_file
from scopecraft.errors import StateUnreadable
from scopecraft.executors.container import ContainerExecutor
from scopecraft.executors.container_exec import ContainerExec, ExecRequest
from scopecraft.executors.launcher import TERMINAL_ARGV
from scopecraft.model.handle import ContainerHandle

MARK = "window"


@dataclass(frozen=True, slots=True)
class TerminalPlace:
    """Where an agent waits to be started in a terminal; nothing of it is secret."""

    handle: ContainerHandle
    user: tuple[int, int]
    cwd: str

    def save(self, file: Path) -> None:
        """Raises StorageFailed."""
        replace_file(file, json.dumps(asdict(self)).encode())

    @classmethod
    def load(cls, file: Path) -> TerminalPlace:
        """Raises StateUnreadable."""
        try:
            row = json.loads(file.read_bytes())
            user, group = row["user"]
            return cls(ContainerHandle(**row["handle"]), (int(user), int(group)), str(row["cwd"]))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StateUnreadable(f"{file} cannot be read: {error}") from error


class ContainerTerminal(ContainerExec):
    """The agent, started by being made. It is started once: the file with its keys is gone afterwards."""

    def __init__(self, executor: ContainerExecutor, place: TerminalPlace, env: Mapping[str, str]) -> None:
        """`env` says what the terminal is. Raises EngineFailed and EngineUnavailable."""
        self._place = place
        request = ExecRequest(TERMINAL_ARGV, place.cwd, place.user, env, MARK, terminal=True)
        super().__init__(executor, place.handle, request)

    def end(self) -> None:
        """Without its terminal the agent has no use: the container is told to end, politely, and does so by itself."""
        self.close()
        self._executor.signal(self._place.handle, "SIGTERM")
