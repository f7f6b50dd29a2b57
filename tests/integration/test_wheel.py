"""What is built for installing holds more than Python files, and the command."""

from __future__ import annotations

import subprocess
import sys
from configparser import ConfigParser
from importlib.util import find_spec
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.support.documents import ROOT
from tests.support.engine import unavailable

SKIPPED = frozenset({"__pycache__"})


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if find_spec("pip") is None or find_spec("hatchling") is None:
        unavailable("pip and hatchling build the wheel: run script/setup")
    target = tmp_path_factory.mktemp("wheel")
    options = ("--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check", "--wheel-dir")
    done = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", *options, str(target), str(ROOT)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    [built] = target.glob("*.whl")
    return built


def test_every_file_of_the_package_is_in_the_wheel(wheel: Path) -> None:
    package = ROOT / "scopecraft"
    there = {
        str(path.relative_to(ROOT))
        for path in package.rglob("*")
        if path.is_file() and SKIPPED.isdisjoint(path.parts) and path.suffix != ".pyc"
    }
    scripts = ("executors/launcher.sh", "executors/keeper.sh", "worktrees/harvest.sh")
    for name in (*scripts, "executors/tmux.conf", "config/defaults/workflows.json", "py.typed"):
        assert f"scopecraft/{name}" in there
    with ZipFile(wheel) as packed:
        names = set(packed.namelist())
        assert {name for name in names if ".dist-info/" not in name} == there
        assert packed.read("scopecraft/executors/launcher.sh") == (package / "executors/launcher.sh").read_bytes()


def test_the_command_is_installed_with_it(wheel: Path) -> None:
    with ZipFile(wheel) as packed:
        [entries] = [name for name in packed.namelist() if name.endswith(".dist-info/entry_points.txt")]
        parser = ConfigParser()
        parser.read_string(packed.read(entries).decode())
    assert dict(parser["console_scripts"]) == {"sc": "scopecraft.cli.entry:main"}
