"""The scripts' own engine: started where none answers, and ended with whoever started it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.engine import unavailable
from tests.support.wait import until

ROOT = Path(__file__).parent.parent.parent
SCRIPT = 'set -euo pipefail; . script/lib.sh; engine_start; echo "up $engine_pid"; read -r _ || true'


@pytest.fixture
def folder() -> Iterator[Path]:
    """Where an engine of its own lives; not /tmp, whose file system may not carry an engine's."""
    if os.geteuid() != 0 or shutil.which("dockerd") is None or shutil.which("unshare") is None:
        unavailable("only root can start an engine, with dockerd and unshare")
    folder = Path("/var/tmp") / f"sc-engine-{os.getpid()}"
    folder.mkdir()
    yield folder
    for line in Path("/proc/mounts").read_text().splitlines():
        if f" {folder}/" in line:
            subprocess.run(["umount", "--lazy", line.split()[1]], check=True)
    shutil.rmtree(folder)


def started(folder: Path) -> subprocess.Popen[str]:
    """A script that has its engine up and waits for a line; in a network of its own, or it would take others' away."""
    options = [
        *("-H", f"unix://{folder}/docker.sock", "--data-root", f"{folder}/data", "--exec-root", f"{folder}/docker"),
        *("--pidfile", f"{folder}/docker.pid", "--bridge=none", "--iptables=false"),
    ]
    script = subprocess.Popen(
        ["unshare", "--net", "bash", "-c", SCRIPT],
        cwd=ROOT,
        env={
            **os.environ,
            "DOCKER_HOST": f"unix://{folder}/docker.sock",
            "SC_DOCKERD_RUN": str(folder),
            "SC_DOCKERD_ARGS": " ".join(options),
        },
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert script.stdout is not None
    assert script.stdout.readline().startswith("up ")
    return script


def processes_of(folder: Path) -> list[str]:
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = file.read_text().replace("\0", " ")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if str(folder) in command:
            found.append(command)
    return found


@pytest.mark.parametrize("how", ["done", signal.SIGTERM])
def test_an_engine_that_a_script_started_ends_with_it(folder: Path, how: str | signal.Signals) -> None:
    with started(folder) as script:
        assert len(processes_of(folder)) >= 2  # dockerd and its containerd
        if isinstance(how, signal.Signals):
            script.send_signal(how)
        script.communicate("\n", timeout=60)
    assert script.returncode == (0 if how == "done" else 128 + signal.SIGTERM)
    assert processes_of(folder) == []


def test_an_engine_that_was_killed_does_not_stop_the_next_one(folder: Path) -> None:
    with started(folder) as script:
        os.kill(int((folder / "docker.pid").read_text()), signal.SIGKILL)
        script.communicate("\n", timeout=60)
    until(lambda: processes_of(folder) == [], 20)
    assert (folder / "docker.pid").exists()
    with started(folder) as script:
        script.communicate("\n", timeout=60)
    assert script.returncode == 0
    assert processes_of(folder) == []
