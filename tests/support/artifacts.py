"""A mission whose artifacts an agent writes that does its worst; and forked children that end at a chosen moment."""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scopecraft.config.paths import Home, make_home
from scopecraft.missions.folder import create_mission, folder_of
from scopecraft.model.clock import to_text
from scopecraft.model.ids import new_mission_id
from scopecraft.model.mission import Mission
from scopecraft.model.workflow import Recipe
from scopecraft.sessions.context import Context

SECRET = "the person's own key"
# What reaches the disk, as the interpreter tells of it.
_STEPS = frozenset({"open", "os.rename", "os.mkdir", "os.remove", "sqlite3.connect"})


@dataclass(frozen=True, slots=True)
class Prey:
    """A mission, its home, and a file of the person's that nobody may reach through its artifacts."""

    home: Home
    mission: Mission
    key: Path

    @property
    def folder(self) -> Path:
        return folder_of(self.home, self.mission)

    @property
    def artifacts(self) -> Path:
        return self.folder / "artifacts"

    @property
    def context(self) -> Context:
        return Context(self.home, dict(os.environ))


def make_prey(place: Path, recipe: Recipe | None = None, **changes: Any) -> Prey:
    home = Home(place / "scopecraft")
    make_home(home)
    key = place / "keys" / "id_rsa"
    key.parent.mkdir()
    key.write_text(SECRET)
    at = to_text(datetime.now(UTC))
    values: dict[str, Any] = {
        "id": new_mission_id(datetime.now(UTC)), "title": "x", "slug": "x", "type": "feature",
        "workflow_id": "oneshot", "current_step": 0, "status": "ready", "project": "shop", "branch": "feature/x",
        "base": "0" * 40, "worktree": "/w", "created_at": at, "updated_at": at, **changes,
    }  # fmt: skip
    mission = Mission(**values)
    create_mission(home, mission, "do it", recipe)
    return Prey(home, mission, key)


def _socket(path: Path) -> None:
    """Its own path may be longer than those of sockets may be."""
    with socket.socket(socket.AF_UNIX) as server:
        short = Path(f"/tmp/{os.urandom(4).hex()}")
        server.bind(str(short))
        short.rename(path)


def _hole(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(10 * 1024**3)


# Each puts itself in the place of an artifact; those of DOORWAYS in the place of a folder on the way to one.
TRAPS: dict[str, Callable[[Path, Path], None]] = {
    "link": lambda path, key: path.symlink_to(key),
    "link to nowhere": lambda path, key: path.symlink_to(key.with_name("new")),
    "link to the mission": lambda path, _: path.symlink_to("../mission.json"),
    "pipe": lambda path, _: os.mkfifo(path),
    "socket": lambda path, _: _socket(path),
    "endless device": lambda path, _: os.mknod(path, 0o20666, os.makedev(1, 5)),
}
HELD: dict[str, Callable[[Path, Path], None]] = {
    "hole of 10 GiB": lambda path, _: _hole(path),
    "folder": lambda path, _: path.mkdir(),
}
DOORWAYS: dict[str, Callable[[Path, Path], None]] = {
    "link to a folder": lambda path, key: path.symlink_to(key.parent),
    "link upwards": lambda path, _: path.symlink_to(".."),
    "file": lambda path, _: path.touch(),
    "pipe": lambda path, _: os.mkfifo(path),
}
BAD_NAMES = (
    "../mission.json", "a/../../mission.json", "%2e%2e%2fmission.json", "%2e%2e/mission.json", "/etc/passwd", "..", ".",
    "", "a//b", "x\0y", "x\ny", "\x1b]0;x\x07", "nul", "CON.md", "a/com1.txt", ".git/config", "x\\y", "x.", "x" * 300,
    "a/" * 8 + "b", "x" * 100_000,
)  # fmt: skip


@contextmanager
def meanwhile(act: Callable[[], None]) -> Iterator[None]:
    """Somebody does that again and again, in a process of its own, as fast as it goes."""
    child = os.fork()
    if child == 0:
        try:
            while True:
                act()
        finally:
            os._exit(1)
    try:
        yield
        assert os.waitpid(child, os.WNOHANG) == (0, 0), "it has ended by itself"
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def killed_at(moment: int, act: Callable[[], object]) -> bool:
    """Whether somebody who does that is killed before the so manieth thing that would reach the disk."""
    child = os.fork()
    if child == 0:
        left = moment

        def step(event: str, _: tuple[object, ...]) -> None:
            nonlocal left
            if event in _STEPS:
                left -= 1
                if left < 0:
                    os.kill(os.getpid(), signal.SIGKILL)

        code = 1
        try:
            sys.addaudithook(step)
            act()
            code = 0
        finally:
            os._exit(code)
    status = os.waitpid(child, 0)[1]
    if os.WIFSIGNALED(status):
        return True
    assert os.WEXITSTATUS(status) == 0, "it failed by itself"
    return False
