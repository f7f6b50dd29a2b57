"""The container executor on Podman's socket, of root and of an ordinary user: the same promises, and what differs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scopecraft.errors import OperationFailed
from scopecraft.executors.container import ContainerExecutor
from scopecraft.executors.engine_facts import EngineFacts, ask_engine
from scopecraft.executors.engine_look import look_at_containers
from scopecraft.model import clock
from scopecraft.model.handle import Alive, ContainerHandle, Exited, Gone
from scopecraft.model.launch import Mount
from scopecraft.sessions.doctor_engine import Surroundings, engine_findings
from scopecraft.sessions.folder import launcher_exit
from tests.integration.executors.contract import ExecutorContract, MakeLaunch
from tests.support.boxes import LIMITS, Boxes
from tests.support.podman import IMAGE, Podman

pytestmark = pytest.mark.engine


@pytest.fixture
def boxes(clean_environment: Path, podman: Podman) -> Iterator[Boxes]:
    root = clean_environment / "sessions"
    root.mkdir()
    clean_environment.chmod(0o755)
    os.chown(root, *podman.owner)
    made = Boxes(root, IMAGE, ContainerExecutor(podman.address), owner=podman.owner)
    yield made
    made.close()


class TestPodman(ExecutorContract):
    @pytest.fixture
    def executor(self, boxes: Boxes) -> ContainerExecutor:
        return boxes.executor

    @pytest.fixture
    def make_launch(self, boxes: Boxes) -> MakeLaunch:
        return lambda argv: boxes.launch(argv)

    @pytest.fixture
    def shared(self, boxes: Boxes) -> Path:
        folder = boxes.root / "shared"
        folder.mkdir(exist_ok=True)
        os.chown(folder, *boxes.owner)
        return folder

    @pytest.fixture
    def absent(self, podman: Podman) -> ContainerHandle:
        return ContainerHandle(podman.address, "sc-r-00000000000000fe", "0" * 64)

    @pytest.fixture
    def unreachable(self, clean_environment: Path) -> tuple[Any, Any]:
        engine = f"unix://{clean_environment}/nobody.sock"
        return ContainerExecutor(engine), ContainerHandle(engine, "sc-x", "0" * 64)


def test_what_an_agent_makes_belongs_to_the_person(boxes: Boxes) -> None:
    launch = boxes.launch(["sh", "-c", "mkdir made; echo x >made/file; echo said"])
    assert boxes.run(launch).exit_code == 0
    made = boxes.root / "shared" / "made"
    owners = {(path.stat().st_uid, path.stat().st_gid) for path in (made, made / "file")}
    assert owners == {boxes.owner}
    assert boxes.folder(launch).stream.read_text() == "said\n"


def test_inside_there_is_no_capability_and_no_way_to_write_the_system(boxes: Boxes) -> None:
    script = "grep -E 'Cap(Prm|Eff|Bnd)|NoNewPrivs' /proc/self/status; echo x >/etc/x && echo WROTE; ulimit -Hc"
    launch = boxes.launch(["sh", "-c", script])
    boxes.run(launch)
    said = boxes.folder(launch).stream.read_text()
    assert said.count("0000000000000000") == 3
    assert "NoNewPrivs:\t1" in said
    assert "WROTE" not in said
    assert said.endswith("\n0\n")


def test_what_it_printed_is_there_byte_for_byte(boxes: Boxes) -> None:
    launch = boxes.launch(
        ["python3", "-c", "import sys; sys.stdout.buffer.write('漢字'.encode()*100_000 + b'\\xff\\n')"]
    )
    assert boxes.run(launch).exit_code == 0
    assert boxes.folder(launch).stream.read_bytes() == "漢字".encode() * 100_000 + b"\xff\n"


def test_a_missing_mount_is_refused_and_no_folder_is_made_for_it(boxes: Boxes, tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere"
    launch = boxes.launch(["true"])
    with pytest.raises(OperationFailed, match="nowhere"):
        boxes.executor.start(replace(launch, mounts=(*launch.mounts, Mount(nowhere, "/nowhere"))))
    assert not nowhere.exists()
    assert boxes.executor.adopt(launch.session_id) is None


def test_too_much_memory_is_seen_as_that_where_memory_is_limited(boxes: Boxes, podman: Podman) -> None:
    """A rootless engine limits what was delegated to it: without control groups of its own, nothing."""
    facts = ask_engine(podman.address, [])
    assert isinstance(facts, EngineFacts)
    limits = replace(LIMITS, memory_bytes=64 * 1024**2)
    launch = boxes.launch(["python3", "-c", "x=bytearray(300*1024*1024); print(len(x))"], limits=limits)
    look = boxes.run(launch)
    if "memory" in facts.missing_limits:
        assert (podman.is_rootless, look.exit_code) == (True, 0)
    else:
        assert look.exit_code == 137
        assert launcher_exit(boxes.folder(launch)) == (137, "memory")


def test_one_request_looks_at_every_container(boxes: Boxes) -> None:
    running = boxes.executor.start(boxes.launch(["sleep", "600"]))
    ended = boxes.executor.start(boxes.launch(["sh", "-c", "exit 4"]))
    boxes.end_of(ended)
    gone = replace(running, container_id="f" * 64, name="sc-gone")
    looks = look_at_containers([running, ended, gone], "boxes")
    assert looks[0] == Alive()
    assert isinstance(looks[1], Exited)
    assert isinstance(looks[2], Gone)


def test_doctor_says_what_it_is_and_what_it_cannot_limit(podman: Podman) -> None:
    facts = ask_engine(podman.address, [IMAGE])
    assert isinstance(facts, EngineFacts)
    assert facts.name == "Podman"
    assert ("rootless" in facts.security) == podman.is_rootless
    assert facts.runc_version
    around = Surroundings(True, False, None, 1)
    findings = {finding.name: finding for finding in engine_findings(facts, around, podman.address, clock.now())}
    assert findings["engine"].text.startswith("Podman 4.") or findings["engine"].text.startswith("Podman 5.")
    assert findings["live-restore"].level == "ok"
    expected = ("warn",) if "memory" in facts.missing_limits else ("ok", "info")
    assert findings["limits"].level in expected
