"""Launches of sessions in containers, without anything above the executor."""

from __future__ import annotations

import itertools
import os
from dataclasses import dataclass, field
from pathlib import Path

from scopecraft.executors.container import ContainerExecutor
from scopecraft.executors.launcher import LAUNCHER_ARGV, LauncherFiles, write_launcher
from scopecraft.model.handle import ContainerHandle, Exited
from scopecraft.model.launch import AgentCommand, ContainerLaunch, Limits, Mount
from scopecraft.sessions.folder import SessionFolder
from tests.support.wait import until

ENGINE = os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock"
LIMITS = Limits(
    timeout_seconds=120,
    output_bytes=1024**3,
    memory_bytes=512 * 1024**2,
    cpus=2.0,
    pids=256,
    tmpfs_bytes=64 * 1024**2,
    stop_grace_seconds=2,
    result_grace_seconds=2,
)
_numbers = itertools.count(int.from_bytes(os.urandom(4), "big"))


@dataclass
class Boxes:
    """Makes launches below `root`; `close` removes every container that was started."""

    root: Path
    image: str
    executor: ContainerExecutor = field(default_factory=lambda: ContainerExecutor(ENGINE))
    made: list[str] = field(default_factory=list)
    owner: tuple[int, int] = field(default_factory=lambda: (os.getuid(), os.getgid()))

    def launch(
        self, argv: list[str], *, limits: Limits = LIMITS, environment: dict[str, str] | None = None,
        command: AgentCommand | None = None, last_act: str | None = None,
    ) -> ContainerLaunch:  # fmt: skip
        session_id = f"r-{next(_numbers):016x}"
        folder = SessionFolder(self.root / session_id)
        folder.make()
        shared = self.root / "shared"
        shared.mkdir(exist_ok=True)
        files = LauncherFiles(command or AgentCommand(tuple(argv)), limits, str(shared), environment or {}, last_act)
        write_launcher(folder.path, files)
        if self.owner[0] != os.getuid():
            for path in (shared, folder.path, *folder.path.rglob("*")):
                os.chown(path, *self.owner)
        self.made.append(session_id)
        return ContainerLaunch(
            session_id=session_id,
            labels={"scopecraft.test": "boxes", "scopecraft.home": "boxes"},
            image=self.image,
            argv=LAUNCHER_ARGV,
            env={"HOME": "/session/agent"},
            cwd=str(shared),
            user=self.owner,
            mounts=(
                Mount(shared, str(shared), read_only=False),
                Mount(folder.path / "launch", "/session/launch"),
                Mount(folder.inbox.parent, "/session/inbox"),
                Mount(folder.secrets, "/session/secrets", read_only=False),
                Mount(folder.agent, "/session/agent", read_only=False),
                Mount(folder.out, "/session/out", read_only=False),
                Mount(folder.stream, "/session/stream.jsonl", read_only=False),
                Mount(folder.stderr, "/session/stderr.log", read_only=False),
            ),
            network="none",
            limits=limits,
        )

    def folder(self, launch: ContainerLaunch) -> SessionFolder:
        return SessionFolder(self.root / launch.session_id)

    def run(self, launch: ContainerLaunch, seconds: float = 60) -> Exited:
        handle = self.executor.start(launch)
        return self.end_of(handle, seconds)

    def end_of(self, handle: ContainerHandle, seconds: float = 60) -> Exited:
        def ended() -> Exited | None:
            look = self.executor.look(handle)
            return look if isinstance(look, Exited) else None

        return until(ended, seconds)

    def close(self) -> None:
        for session_id in self.made:
            handle = self.executor.adopt(session_id)
            if handle is not None:
                self.executor.forget(handle)
        self.executor.close()
