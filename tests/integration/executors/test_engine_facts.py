"""An engine that does not answer is told apart from one that is not there; real sockets, a real engine."""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from scopecraft.executors.engine_facts import EngineFacts, NoEngine, ask_engine
from tests.support.silent_engine import SilentEngine

SHORT = 10  # seconds, in which every answer must be there


@pytest.fixture
def silent(tmp_path: Path) -> Iterator[SilentEngine]:
    with SilentEngine(tmp_path / "engine.sock") as engine:
        yield engine


def refusal(address: str) -> NoEngine:
    facts = ask_engine(address, ["x"])
    assert isinstance(facts, NoEngine)
    return facts


def test_an_engine_that_takes_connections_and_is_silent_hangs(silent: SilentEngine) -> None:
    began = time.monotonic()
    assert refusal(silent.address).kind == "hanging"
    assert time.monotonic() - began < SHORT


def test_an_engine_whose_queue_of_callers_is_full_hangs(tmp_path: Path) -> None:
    path = str(tmp_path / "full.sock")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen(0)
        waiting = [_caller(path) for _ in range(3)]
        began = time.monotonic()
        assert refusal(f"unix://{path}").kind == "hanging"
        assert time.monotonic() - began < SHORT
        for caller in waiting:
            caller.close()


def _caller(path: str) -> socket.socket:
    caller = socket.socket(socket.AF_UNIX)
    caller.setblocking(False)
    caller.connect_ex(path)
    return caller


def test_no_socket_is_an_absent_engine(tmp_path: Path) -> None:
    assert refusal(f"unix://{tmp_path}/none.sock").kind == "absent"


def test_a_socket_that_nobody_serves_refuses(tmp_path: Path) -> None:
    path = str(tmp_path / "left.sock")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
    assert refusal(f"unix://{path}").kind == "refused"


def test_a_socket_of_others_is_forbidden(tmp_path: Path) -> None:
    path = tmp_path / "closed.sock"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        path.chmod(0)
        server.listen()
        with as_nobody():
            assert refusal(f"unix://{path}").kind == "forbidden"


@contextlib.contextmanager
def as_nobody() -> Iterator[None]:
    """Root is forbidden nothing, so it steps aside; whoever else runs the tests stays who they are."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_something_that_is_no_engine_fails_with_a_sentence(tmp_path: Path) -> None:
    with SilentEngine(tmp_path / "odd.sock", says=b"\x1b[2Jno engine\r\n\r\n") as odd:
        found = refusal(odd.address)
    assert found.kind == "failing"
    assert "\x1b" not in found.why
    assert "\n" not in found.why


def test_an_address_that_makes_no_sense_fails_with_a_sentence() -> None:
    assert refusal("gopher://nowhere").kind == "failing"


@pytest.mark.parametrize(
    ("address", "kind", "why"),
    [
        ("tcp://127.0.0.1:1", "refused", "nobody listens at tcp://127.0.0.1:1"),
        ("tcp://engine.invalid:2375", "failing", "no machine by the name in tcp://engine.invalid:2375 is known"),
        ("tcp://[", "failing", "tcp://[ is no address of an engine"),
    ],
)
def test_over_the_network_it_is_one_clear_sentence(address: str, kind: str, why: str) -> None:
    assert refusal(address) == NoEngine(kind, why)  # type: ignore[arg-type]


def test_what_hangs_up_over_the_network_is_no_engine() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        with ThreadPoolExecutor(1) as hands:
            hands.submit(lambda: server.accept()[0].close())
            found = refusal(address)
    assert (found.kind, "HTTPConnection" in found.why, address in found.why) == ("failing", False, True)


@pytest.mark.engine
def test_a_real_engine_tells_its_versions_and_images(agent_image: str) -> None:
    facts = ask_engine(os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock"), [agent_image, "no/such"])
    assert isinstance(facts, EngineFacts)
    assert facts.version
    assert facts.api_version
    assert facts.images is not None
    assert facts.images["no/such"] is None
    assert facts.images[agent_image] is not None
