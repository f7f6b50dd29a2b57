"""A tmux server of the test's own, and launches for it."""

from __future__ import annotations

import dataclasses
import itertools
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from scopecraft.executors.tmux import TmuxExecutor
from scopecraft.model.handle import WindowHandle
from scopecraft.model.launch import WindowLaunch
from tests.support.engine import unavailable
from tests.support.tmux import MakeWindow, end_servers


@pytest.fixture
def socket(clean_environment: Path) -> Iterator[Path]:
    if shutil.which("tmux") is None:
        unavailable("tmux is not installed")
    folder = clean_environment / "run"
    yield folder / "s"
    end_servers(folder)


@pytest.fixture
def executor(socket: Path) -> TmuxExecutor:
    return TmuxExecutor(socket)


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    folder = tmp_path / "worktree"
    folder.mkdir()
    return folder


@pytest.fixture
def make_launch(tmp_path: Path, shared: Path) -> MakeWindow:
    numbers = itertools.count(1)

    def make(argv: list[str], *, name: str = "fix-login-dispatch", **changes: object) -> WindowLaunch:
        session_id = f"r-{next(numbers):016x}"
        launch = WindowLaunch(
            session_id=session_id,
            window_name=name,
            argv=tuple(argv),
            env={"PATH": os.environ["PATH"]},
            unset=(),
            cwd=str(shared),
            folder=tmp_path / session_id / "launch",
        )
        return dataclasses.replace(launch, **changes)  # type: ignore[arg-type]

    return make


@pytest.fixture
def absent(socket: Path) -> WindowHandle:
    return WindowHandle(str(socket), "$0", "@99", "%99", 2**22 + 1, 1)
