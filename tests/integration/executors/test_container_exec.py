"""A further process in a container that runs: bytes, sizes, exit codes and ends, on Docker and on Podman."""

from __future__ import annotations

import contextlib
import os
import select
from collections.abc import Iterator
from pathlib import Path

import pytest

from scopecraft.errors import EngineFailed
from scopecraft.executors.container import ContainerExecutor
from scopecraft.executors.container_exec import KILLED, ContainerExec, ExecRequest
from scopecraft.model.handle import ContainerHandle
from tests.support.boxes import Boxes
from tests.support.podman import IMAGE, Podman
from tests.support.wait import until


class ExecContract:
    @pytest.fixture
    def place(self, boxes: Boxes) -> tuple[Boxes, ContainerHandle]:
        return boxes, boxes.executor.start(boxes.launch(["sleep", "600"]))

    def test_both_outputs_and_the_exit_code_are_the_commands_own(self, place: tuple[Boxes, ContainerHandle]) -> None:
        sent = bytes(range(256)) * 3000
        code, out, err = run(place, "cat; echo said >&2; exit 7", sent)
        assert (code, out == sent, err) == (7, True, b"said\n")

    def test_a_terminal_has_its_size_and_one_output(self, place: tuple[Boxes, ContainerHandle]) -> None:
        with started(place, "read line; stty size; echo too >&2", terminal=True) as process:
            process.resize(23, 71)
            process.send(b"\n")
            _, out, err = read(process, is_open=False)
        assert (out.split(), err) == ([b"23", b"71", b"too"], b"")

    def test_what_was_started_for_it_ends_with_it_and_nothing_else_does(
        self, place: tuple[Boxes, ContainerHandle]
    ) -> None:
        with started(place, "sleep 601") as other, started(place, "setsid sleep 602 & trap '' TERM; sleep 603") as one:
            counting = "ps -eo args | grep -c '^sleep 60[123]' || true"
            until(lambda: run(place, counting)[1] == b"3\n", 20, what="all to begin")
            one.end()
            until(lambda: run(place, counting)[1] == b"1\n", 20, what="its own to end")
            other.end()

    def test_a_container_that_is_gone_had_it_killed(self, place: tuple[Boxes, ContainerHandle]) -> None:
        boxes, handle = place
        with started(place, "echo there; sleep 600") as process:
            assert until(lambda: process.receive(), 20) == [("out", b"there\n")]
            boxes.executor.stop(handle, grace_seconds=0)
            boxes.executor.forget(handle)
            assert read(process)[0] == KILLED
            process.end()
        with pytest.raises(EngineFailed), started(place, "true"):
            pass


class TestDockerExec(ExecContract):
    @pytest.fixture
    def boxes(self, clean_environment: Path, agent_image: str) -> Iterator[Boxes]:
        boxes = Boxes(clean_environment / "sessions", agent_image)
        boxes.root.mkdir()
        yield boxes
        boxes.close()


class TestPodmanExec(ExecContract):
    @pytest.fixture
    def boxes(self, clean_environment: Path, podman: Podman) -> Iterator[Boxes]:
        root = clean_environment / "sessions"
        root.mkdir()
        clean_environment.chmod(0o755)
        os.chown(root, *podman.owner)
        boxes = Boxes(root, IMAGE, ContainerExecutor(podman.address), owner=podman.owner)
        yield boxes
        boxes.close()


@contextlib.contextmanager
def started(place: tuple[Boxes, ContainerHandle], script: str, *, terminal: bool = False) -> Iterator[ContainerExec]:
    boxes, handle = place
    request = ExecRequest(("sh", "-c", script), "/", boxes.owner, {}, os.urandom(4).hex(), terminal)
    process = ContainerExec(boxes.executor, handle, request)
    try:
        yield process
    finally:
        process.close()


def run(place: tuple[Boxes, ContainerHandle], script: str, stdin: bytes = b"") -> tuple[int, bytes, bytes]:
    with started(place, script) as process:
        return read(process, stdin)


def read(process: ContainerExec, stdin: bytes = b"", *, is_open: bool = True) -> tuple[int, bytes, bytes]:
    """All that it prints while it is given its input, and its exit code; who `is_open` gets an end of file."""
    got = {"out": b"", "err": b""}
    while True:
        if stdin:
            stdin = stdin[process.send(stdin) :]
        elif is_open:
            process.close_input()
            is_open = False
        if not process.has_early:
            select.select([process], [process] if stdin else [], [], 20)
        pieces = process.receive()
        if pieces is None:
            return process.exit_code(), got["out"], got["err"]
        for output, data in pieces:
            got[output] += data
