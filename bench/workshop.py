"""A home, a repository of 500 files and the real `sc`, for measuring; all of it is removed afterwards."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

FILES = 500


@dataclass(frozen=True, slots=True)
class Workshop:
    root: Path

    @property
    def repository(self) -> Path:
        return self.root / "repository"

    @property
    def home(self) -> Path:
        return self.root / "home"

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "DOCKER_HOST") if name in os.environ}
        return {
            **kept,
            "HOME": str(self.root),
            "SCOPECRAFT_HOME": str(self.home),
            "XDG_RUNTIME_DIR": str(self.root / "run"),
            "LANG": "C.UTF-8",
            "TERM": "xterm-256color",
        }

    def sc(self, *arguments: str, check: bool = True, alone: bool = False) -> str:
        """The command's standard output; its talk is dropped. With `alone` it starts no supervisor."""
        environment = {**self.environment, "SCOPECRAFT_SUPERVISOR": "never"} if alone else self.environment
        done = subprocess.run(
            [sys.executable, "-m", "scopecraft", *arguments],
            cwd=self.repository,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=check,
        )
        return done.stdout.decode()

    def git(self, *arguments: str) -> None:
        subprocess.run(["git", *arguments], cwd=self.repository, env=self.environment, check=True, capture_output=True)


@contextmanager
def workshop() -> Iterator[Workshop]:
    root = Path(tempfile.mkdtemp(prefix="sc-bench-", dir="/tmp"))
    shop = Workshop(root)
    try:
        (root / "run").mkdir(mode=0o700)
        shop.repository.mkdir()
        shop.git("init", "-q", "-b", "main")
        for number in range(FILES):
            folder = shop.repository / f"folder{number % 20}"
            folder.mkdir(exist_ok=True)
            (folder / f"file{number}.txt").write_text(f"file {number}\n" * 20)
        shop.git("add", ".")
        shop.git("-c", "user.name=Bench", "-c", "user.email=bench@example.com", "commit", "-qm", "start")
        shop.sc("init")
        shop.sc("link")
        yield shop
    finally:
        _end_sessions(shop)
        shutil.rmtree(root, ignore_errors=True)


def _end_sessions(shop: Workshop) -> None:
    import json

    shop.sc("down", check=False)

    for row in json.loads(shop.sc("ls", "--all", "--json", check=False) or "[]"):
        if row["state"] != "ended":
            shop.sc("stop", row["id"], "--now", check=False)
    socket = next((shop.root / "run").glob("scopecraft/*/tmux"), None)
    if socket is not None:
        subprocess.run(["tmux", "-S", str(socket), "kill-server"], check=False, capture_output=True)
