"""An engine that a test may kill, stop and restart: a dockerd with folders, a socket and a network of its own.

Its containers have no network. The base image is loaded once; a restart keeps it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

from docker import DockerClient
from docker.errors import DockerException
from requests.exceptions import RequestException

from scopecraft.executors.container import knock
from tests.support.engine import require_engine, require_image, unavailable
from tests.support.wait import until

IMAGE = "scopecraft-base"
START_SECONDS = 40


class PrivateEngine:
    """It is up after `start`; whatever happened to it, `close` leaves nothing."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.address = f"unix://{folder}/docker.sock"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def client(self) -> DockerClient:
        return DockerClient(base_url=self.address, timeout=60)

    def start(self, *, live_restore: bool = False) -> None:
        """Returns when it answers. What a killed one left behind is in nobody's way."""
        for file in ("docker.pid", "run/containerd/containerd.pid"):
            (self.folder / file).unlink(missing_ok=True)  # the number may be a zombie's, and yet it would wait for that
        options = [
            *("--host", self.address, "--data-root", f"{self.folder}/data", "--exec-root", f"{self.folder}/run"),
            *("--pidfile", f"{self.folder}/docker.pid", "--bridge=none", "--iptables=false"),
            *(["--live-restore"] if live_restore else []),
        ]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                # in the machine's network it would take the other engine's bridge away
                ["unshare", "--net", "dockerd", *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        until(self._answers, START_SECONDS, every=0.05, what=f"dockerd to answer; its log: {self.folder / 'log'}")

    def signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def kill(self) -> None:
        """SIGKILL; containers go on, as after a crash."""
        self.signal(signal.SIGKILL)
        assert self._process is not None
        self._process.wait(20)
        # its containerd dies with it, and must not meet the next one
        until(lambda: not self._own("containerd"), 20, what="its containerd to end")

    def terminate(self) -> None:
        """SIGTERM, and its end; without live-restore it ends its containers on the way."""
        self.signal(signal.SIGTERM)
        assert self._process is not None
        self._process.wait(60)

    def close(self) -> None:
        if self._process is not None and self._process.poll() is None:
            with (
                contextlib.suppress(DockerException, RequestException, OSError),
                contextlib.closing(self.client()) as it,
            ):
                self.signal(signal.SIGCONT)
                for container in it.containers.list(all=True, ignore_removed=True):
                    container.remove(force=True, v=True)
            self.terminate()
        for number in self._own(""):
            with contextlib.suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)
        until(lambda: not self._own(""), 20, what="the engine's processes to end")
        for line in reversed(Path("/proc/mounts").read_text().splitlines()):
            place = line.split()[1]
            if place.startswith(f"{self.folder}/"):
                subprocess.run(["umount", "--lazy", place], check=True)
        shutil.rmtree(self.folder)

    def _answers(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            raise AssertionError(f"dockerd ended: {(self.folder / 'log').read_text()[-3000:]}")
        try:
            knock(self.address)
            with contextlib.closing(DockerClient(base_url=self.address, timeout=5)) as client:
                return bool(client.ping())
        except (DockerException, RequestException, OSError):
            return False

    def _own(self, program: str) -> list[int]:
        """Its processes, by its folder in their words; those of `program` alone where one is named."""
        found = []
        for file in Path("/proc").glob("[0-9]*/cmdline"):
            with contextlib.suppress(OSError):
                words = file.read_bytes().decode(errors="replace").split("\0")
                is_own = any(str(self.folder) in word for word in words[1:])
                if is_own and (not program or Path(words[0]).name == program):
                    found.append(int(file.parent.name))
        return [number for number in found if number != os.getpid()]


@contextlib.contextmanager
def private_engine() -> Iterator[PrivateEngine]:
    """Up, with the base image; ended and gone afterwards."""
    if os.geteuid() != 0 or shutil.which("dockerd") is None or shutil.which("unshare") is None:
        unavailable("only root can start an engine, with dockerd and unshare")
    # not /tmp, whose file system may not carry an engine's
    folder = Path("/var/tmp") / f"sc-faults-{os.getpid()}"
    folder.mkdir()
    engine = PrivateEngine(folder)
    try:
        engine.start()
        _take_image(engine)
        yield engine
    finally:
        engine.close()


def _take_image(engine: PrivateEngine) -> None:
    with contextlib.closing(require_engine()) as other, contextlib.closing(engine.client()) as own:
        image = require_image(other, f"{IMAGE}:latest")
        for _ in own.api.load_image(other.api.get_image(image)):
            pass
