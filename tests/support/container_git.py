"""A mission's private git directory with a real agent's place around it: repository, worktree, hardened container.

The agent is a shell script; its container has the flags and mounts of the design.
"""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from docker import DockerClient
from docker.types import Mount as EngineMount

from scopecraft.worktrees.harvest import Harvest, read_harvest
from scopecraft.worktrees.pointer import read_pointer
from scopecraft.worktrees.private import HARVEST_COMMAND, PrivateGit, PrivateRequest, make_private
from scopecraft.worktrees.repository import Repository, open_repository
from scopecraft.worktrees.takeback import TakeBack, take_back
from tests.support.engine import AGENT_IMAGE

LABEL = "scopecraft.test"
MISSION = "m-0123456789abcdef"
BRANCH = "feature/auth-05A"


def host_git(folder: Path, *arguments: str, check: bool = True, **env: str) -> str:
    """Plain git as a person runs it, with a configuration of its own."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    result = subprocess.run(
        ["git", *arguments], cwd=folder, env=clean | env, capture_output=True, timeout=60, check=False
    )
    assert not check or result.returncode == 0, result.stderr.decode(errors="replace")
    return result.stdout.decode(errors="surrogateescape").removesuffix("\n")


@dataclass(frozen=True, slots=True)
class Ran:
    exit_code: int
    output: str


@dataclass(frozen=True, slots=True)
class Place:
    """A main repository in `root` and a mission's worktree of it."""

    engine: DockerClient | None  # None where no container is started
    root: Path
    main: Path
    worktree: Path
    image: str = AGENT_IMAGE
    env: Mapping[str, str] = field(default_factory=dict)

    @property
    def repo(self) -> Repository:
        return open_repository(self.main)

    def git(self, *arguments: str, check: bool = True) -> str:
        """In the worktree, on the host."""
        return host_git(self.worktree, *arguments, check=check)

    def main_git(self, *arguments: str, check: bool = True) -> str:
        return host_git(self.main, *arguments, check=check)

    def tip(self) -> str:
        return self.main_git("rev-parse", f"refs/heads/{BRANCH}")

    def kept(self) -> dict[str, str]:
        """The mission's own refs, by the name below `refs/scopecraft/<mission>/`."""
        own = f"refs/scopecraft/{MISSION}/"
        listing = self.main_git("for-each-ref", "--format=%(refname) %(objectname)", own)
        pairs = (line.split(" ") for line in listing.splitlines())
        return {name.removeprefix(own): id_ for name, id_ in pairs}

    def session(
        self, name: str = "r-1", *, mission: str = MISSION, branch: str = BRANCH, resume_from: Path | None = None
    ) -> AgentSession:
        info = self.worktree.stat()
        folder = self.root / "sessions" / name
        request = PrivateRequest(
            worktree=self.worktree,
            pointer=read_pointer(self.worktree),
            branch=branch,
            mission_id=mission,
            session_folder=folder,
            owner=(info.st_uid, info.st_gid),
            store=self.root / "objects",
            resume_from=resume_from,
        )
        private = make_private(self.repo, request)
        (folder / "out").mkdir(mode=0o700)
        os.chown(folder / "out", *request.owner)
        return AgentSession(self, private, folder, request.owner)


@dataclass(frozen=True, slots=True)
class AgentSession:
    place: Place
    private: PrivateGit
    folder: Path
    owner: tuple[int, int]

    def run(self, script: str, *, seconds: float = 60, check: bool = True) -> Ran:
        """The script as the agent, in the worktree."""
        return self._container(("/bin/sh", "-c", script), seconds=seconds, check=check)

    def harvest(self, *, seconds: float = 60) -> Harvest:
        """In a fresh container that cannot write in the worktree."""
        self._container(HARVEST_COMMAND, worktree_is_read_only=True, seconds=seconds, check=False)
        return read_harvest(self.private.facts.harvest_folder)

    def take_back(self) -> TakeBack:
        return take_back(self.place.repo, self.private.facts, self.harvest())

    def work(self, script: str) -> TakeBack:
        """The agent works, its container reads the commits out as its last act, and they are taken back."""
        self.run(f"set -e\n{script}\n{' '.join(HARVEST_COMMAND)}")
        return take_back(self.place.repo, self.private.facts, read_harvest(self.private.facts.harvest_folder))

    def _container(
        self, command: tuple[str, ...], *, worktree_is_read_only: bool = False, seconds: float, check: bool
    ) -> Ran:
        engine = self.place.engine
        assert engine is not None
        worktree = str(self.place.worktree)
        own = (f"{worktree}/.git", "/workspace/.git")
        # a harvest does without those of submodules: their folders may be gone
        given = [
            mount
            for mount in self.private.mounts
            if not worktree_is_read_only or mount.target in own or not mount.target.endswith("/.git")
        ]
        mounts = [
            EngineMount(worktree, worktree, type="bind", read_only=worktree_is_read_only),
            EngineMount("/workspace", worktree, type="bind", read_only=worktree_is_read_only),
            EngineMount("/session/out", str(self.folder / "out"), type="bind"),
            *(EngineMount(m.target, str(m.source), type="bind", read_only=m.read_only) for m in given),
        ]
        container = engine.containers.create(
            self.place.image,
            list(command),
            labels={LABEL: "private-git"},
            mounts=mounts,
            working_dir=worktree,
            user=f"{self.owner[0]}:{self.owner[1]}",
            environment={"HOME": "/tmp", **self.place.env},
            entrypoint=[],
            init=True,
            read_only=True,
            tmpfs={"/tmp": "size=64m"},
            cap_drop=["ALL"],
            security_opt=["no-new-privileges"],
            network_mode="none",
            pids_limit=256,
            mem_limit="512m",
        )
        try:
            container.start()
            late = threading.Timer(seconds, container.kill)
            late.start()
            try:
                code = int(container.wait(timeout=seconds + 30)["StatusCode"])
            finally:
                late.cancel()
            output = container.logs().decode(errors="replace")
        finally:
            container.remove(force=True)
        assert not check or code == 0, output
        return Ran(code, output)


def make_place(engine: DockerClient, root: Path, *, main: str = "main", worktree: str = "tree") -> Place:
    """A repository of three files on `main`, with a mission's worktree on its branch."""
    return add_worktree(Place(engine, root, make_repository(root / main), root / worktree))


def make_repository(repository: Path) -> Path:
    repository.mkdir(parents=True)
    host_git(repository, "init", "-q", "-b", "main")
    host_git(repository, "config", "user.name", "Ada")
    host_git(repository, "config", "user.email", "ada@example.org")
    fill(repository, {"README.md": "hello\n", "src/app.py": "print('hi')\n", "docs/ünï cöde.txt": "text\n"})
    host_git(repository, "add", ".")
    host_git(repository, "commit", "-q", "-m", "first")
    return repository


def add_worktree(place: Place) -> Place:
    place.main_git("worktree", "add", "-q", "--no-track", "-b", BRANCH, str(place.worktree))
    return place


def fill(folder: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
