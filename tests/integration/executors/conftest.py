"""A tmux server of the test's own and launches for it; the smallest image."""

from __future__ import annotations

import dataclasses
import io
import itertools
import os
import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from docker import DockerClient

from scopecraft.executors.tmux import TmuxExecutor
from scopecraft.model.handle import WindowHandle
from scopecraft.model.launch import WindowLaunch
from tests.support.engine import unavailable
from tests.support.tmux import MakeWindow, end_servers

BUSYBOX = "scopecraft-test-busybox"


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


@pytest.fixture(scope="module")
def busybox_image(engine: DockerClient) -> Iterator[str]:
    """The smallest image that there is: another shell, another `timeout`, no git."""
    program = shutil.which("busybox")
    if program is None or b"/ld-linux" in Path(program).read_bytes():
        unavailable("no statically linked busybox: install busybox-static")
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as tar:
        tar.add(program, "bin/busybox")
        for name in (
            "sh",
            "ls",
            "sleep",
            "rm",
            "mkdir",
            "chmod",
            "tail",
            "grep",
            "mkfifo",
            "ln",
            "cut",
            "timeout",
            "cat",
        ):
            link = tarfile.TarInfo(f"bin/{name}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            tar.addfile(link)
    engine.api.import_image_from_data(data.getvalue(), repository=BUSYBOX, tag="latest")
    yield BUSYBOX
    engine.images.remove(BUSYBOX, force=True)
