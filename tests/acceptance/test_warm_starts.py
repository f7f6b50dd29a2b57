"""What `sc run` and `sc dispatch` save where a supervisor is up: their own imports, and most questions to git."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.command_line import sc
from tests.support.supervisors import running_supervisor

pytestmark = [pytest.mark.engine]

RUN = ("run", "boxed", "-d", "-m", "x", "--agent", "plain", "--", "sleep", "600")
DISPATCH = ("dispatch", "windowed", "--agent", "plain", "--", "sleep", "600")
MOST_CALLS = 15
# the work of the warm process; each costs the command some of the time that this saves
HEAVY = ("worktrees", "state.store", "config.settings", "config.secrets", "agents", "model.host_files")
HEAVY_LIBRARIES = ("pydantic", "tomllib", "sqlite3", "docker", "libtmux", "subprocess")


@pytest.fixture
def asked(workplace: Path, tmp_path: Path) -> Iterator[Path]:
    """A supervisor is up; the file has a line for each git that it starts."""
    log, folder, real = tmp_path / "asked", tmp_path / "programs", shutil.which("git")
    folder.mkdir()
    program = folder / "git"
    program.write_text(f'#!/bin/sh\necho "$*" >>{log}\nexec {real} "$@"\n')
    program.chmod(0o755)
    with running_supervisor(PATH=f"{folder}:/usr/local/bin:/usr/bin:/bin"):
        yield log


@pytest.mark.parametrize("command", [RUN, DISPATCH])
def test_a_start_that_is_asked_for_is_cheap(asked: Path, workplace: Path, command: tuple[str, ...]) -> None:
    said = sc(*command, cwd=workplace, PYTHONPROFILEIMPORTTIME="1")
    assert said.code == 0, said.err
    loaded = {line.rpartition("|")[2].strip() for line in said.err.splitlines() if line.startswith("import time:")}
    assert "scopecraft.supervisor.asking" in loaded
    unwanted = (*(f"scopecraft.{name}" for name in HEAVY), *HEAVY_LIBRARIES)
    assert not [name for name in loaded if name.startswith(unwanted)]
    calls = asked.read_text().splitlines()
    assert any("worktree add" in call for call in calls)
    assert len(calls) <= MOST_CALLS, calls
