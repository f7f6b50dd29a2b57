"""Podman's service for a test, of root or of an ordinary user, with storage of its own; the machine stays as it is.

The ordinary user exists in a mount namespace of the service alone, with ids of its own to give to containers.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest
from docker import APIClient, DockerClient

from tests.support.engine import require_image, unavailable
from tests.support.wait import until

USER = 54322
IMAGE = "scopecraft-base"
# In a sandbox without the right to raise limits, Podman's own defaults would be refused.
CONFIG = """\
[containers]
default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "runc"
"""
STORAGE = """\
[storage]
driver = "overlay"
graphroot = "{folder}/store"
runroot = "{folder}/run/containers"
"""
AS_USER = r"""
set -e
cd "$1"
{ echo "player:x:$2:$2::$1/home:/bin/sh"; cat /etc/passwd; } >passwd
{ echo "player:x:$2:"; cat /etc/group; } >group
echo player:600000:65536 >subuid
cp subuid subgid
for file in passwd group subuid subgid; do mount --bind "$1/$file" "/etc/$file"; done
shift 2
exec "$@"
"""


class Podman:
    """Serves on `address` while the `with` block runs; with `is_rootless` as user 54322, else as root."""

    def __init__(self, folder: Path, *, is_rootless: bool) -> None:
        for program in ("podman", "runc", "setpriv", "unshare"):
            if shutil.which(program) is None:
                unavailable(f"{program} is not installed")
        if os.getuid() != 0:
            unavailable("only root can start an engine of root, and one of somebody else")
        self.is_rootless = is_rootless
        self.owner = (USER, USER) if is_rootless else (0, 0)
        self._folder = folder
        self._socket = folder / "run" / "podman.sock"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"unix://{self._socket}"

    def __enter__(self) -> Podman:
        for name in ("home", "run", "store"):
            (self._folder / name).mkdir(parents=True)
            os.chown(self._folder / name, *self.owner)
        (self._folder / "containers.conf").write_text(CONFIG)
        (self._folder / "storage.conf").write_text(STORAGE.format(folder=self._folder))
        self._log: IO[bytes] = (self._folder / "log").open("wb")
        self._process = subprocess.Popen(
            self._words(),
            cwd=self._folder,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,  # without root it goes on as a child of itself
        )
        until(self._answers, 30, what=f"Podman to answer; its log: {self._folder / 'log'}")
        return self

    def __exit__(self, *_: object) -> None:
        client = self.client()
        for row in client.containers(all=True):
            client.remove_container(row["Id"], force=True)
        client.close()
        self._end()
        self._log.close()
        # layers and mounts belong to other ids: the service's own words take them away
        clean = ["podman", "system", "reset", "--force"]
        words = self._in_its_place(clean)
        subprocess.run(words, env=self._environment(), check=False, capture_output=True, timeout=60)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _end(self) -> None:
        assert self._process is not None
        for number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)
            self._process.wait(20)

    def client(self) -> APIClient:
        return APIClient(base_url=self.address, version="auto", timeout=60)

    def take_image(self, name: str) -> None:
        """From the engine that the other tests use."""
        from docker import from_env

        docker = from_env()
        try:
            parts = docker.api.get_image(name)
            with self.client() as client:
                for _ in client.load_image(parts):
                    pass
        finally:
            docker.close()

    def _words(self) -> list[str]:
        return self._in_its_place(["podman", "system", "service", "--time=0", self.address])

    def _in_its_place(self, words: list[str]) -> list[str]:
        if not self.is_rootless:
            return words
        become = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--init-groups", "--inh-caps=-all"]
        script = ["sh", "-c", AS_USER, "sh", str(self._folder), str(USER)]
        return ["unshare", "--mount", "--propagation", "private", *script, *become, *words]

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self._folder / "home"),
            "XDG_RUNTIME_DIR": str(self._folder / "run"),
            "CONTAINERS_CONF": str(self._folder / "containers.conf"),
            "CONTAINERS_STORAGE_CONF": str(self._folder / "storage.conf"),
            "TMPDIR": str(self._folder / "run"),
        }

    def _answers(self) -> bool:
        if self._process is not None and self._process.poll() is not None:
            raise AssertionError(f"Podman ended: {(self._folder / 'log').read_text()}")
        try:
            with socket.socket(socket.AF_UNIX) as knock:
                knock.connect(str(self._socket))
        except OSError:
            return False
        return True


@pytest.fixture(scope="session", params=["root", "rootless"])
def podman(request: pytest.FixtureRequest, engine: DockerClient) -> Iterator[Podman]:
    """Both kinds, one after the other, with the base image of agents."""
    require_image(engine, f"{IMAGE}:latest")
    with tempfile.TemporaryDirectory(prefix="sc-") as folder:
        Path(folder).chmod(0o755)
        with Podman(Path(folder) / "podman", is_rootless=request.param == "rootless") as service:
            service.take_image(IMAGE)
            yield service
