"""What goes over the socket: answers, errors, words in between, and both ends that misbehave."""

from __future__ import annotations

import os
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median

import pytest

from scopecraft.config.paths import Home
from scopecraft.errors import BadInput, QueueFull, SupervisorFailed
from scopecraft.state.store import Store
from scopecraft.supervisor import client
from scopecraft.supervisor.holder import read_holder
from tests.support.documents import ROOT
from tests.support.supervisors import PLAYED, Supervisor, played_supervisor, started
from tests.support.wait import until


@pytest.fixture
def supervisor(home: Home) -> Iterator[Supervisor]:
    with played_supervisor() as supervisor:
        yield supervisor


def raw(home: Home, line: bytes) -> bytes:
    """What is answered to any bytes."""
    holder = read_holder(home)
    assert holder is not None
    with socket.socket(socket.AF_UNIX) as channel:
        channel.settimeout(20)
        channel.connect(holder.socket)
        channel.sendall(line)
        channel.shutdown(socket.SHUT_WR)
        return channel.recv(65536)


def test_words_on_the_way_come_in_order_and_before_the_answer(supervisor: Supervisor) -> None:
    heard: list[tuple[str, object]] = []
    answer = supervisor.ask("count", {"to": 1000, "size": 3_000_000}, lambda kind, data: heard.append((kind, data)))
    assert heard == [("number", number) for number in range(1000)]
    assert len(answer["text"]) == 3_000_000


def test_an_error_of_ours_is_raised_again_with_its_hint(supervisor: Supervisor) -> None:
    with pytest.raises(QueueFull, match="10 requests wait already") as refused:
        supervisor.ask("refuse")
    assert refused.value.hint == "sc queue limit --waiting 20"


def test_a_fault_of_a_request_ends_that_request_and_is_logged(home: Home, supervisor: Supervisor) -> None:
    with pytest.raises(SupervisorFailed, match="ValueError: played fault"):
        supervisor.ask("fault")
    assert supervisor.ask("health")["pid"] == supervisor.pid
    log = home.root / "supervisor.log"
    assert "Traceback" in log.read_text()
    assert log.stat().st_mode & 0o777 == 0o600


def test_an_unknown_request_says_what_to_do(supervisor: Supervisor) -> None:
    with pytest.raises(SupervisorFailed, match="does not know the request 'dance'") as failed:
        supervisor.ask("dance")
    assert "sc down" in failed.value.hint


@pytest.mark.parametrize(
    "line", [b"\n", b"nonsense\n", b'{"do": 3}\n', b'["do"]\n', b'{"do": "wake"', b"[" * 100_000 + b"\n"]
)
def test_no_bytes_harm_it(home: Home, supervisor: Supervisor, line: bytes) -> None:
    answer = raw(home, line)
    assert b"BadInput" in answer if line.endswith(b"\n") else not answer
    assert supervisor.ask("health")["pid"] == supervisor.pid


def test_a_large_request_passes_and_one_that_is_too_large_is_refused(home: Home, supervisor: Supervisor) -> None:
    assert supervisor.ask("work", {"seconds": 0, "text": "x" * 11_000_000}) == {"size": 11_000_000}
    with pytest.raises(BadInput, match="longer than 12 MiB"):
        supervisor.ask("work", {"seconds": 0, "text": "x" * 13_000_000})


def test_long_work_is_waited_for_while_there_are_signs_of_life(supervisor: Supervisor) -> None:
    seconds = client.SILENCE_SECONDS + 1.5
    assert supervisor.ask("work", {"seconds": seconds}) == {"size": 0}


def test_whoever_is_in_a_hurry_says_so(supervisor: Supervisor) -> None:
    began = time.monotonic()
    with pytest.raises(SupervisorFailed, match="did not answer in time"):
        supervisor.ask("work", {"seconds": 3}, seconds=0.3)
    assert time.monotonic() - began < 2


def test_a_caller_that_left_is_noticed(supervisor: Supervisor) -> None:
    with pytest.raises(SupervisorFailed):
        supervisor.ask("watch", seconds=0.2)
    until(lambda: supervisor.ask("health")["loop"]["last_seen_gone"])


def test_it_hears_every_poke(home: Home, supervisor: Supervisor) -> None:
    for _ in range(20):
        client.poke(home)
    until(lambda: supervisor.ask("health")["loop"]["woken"] == 20)


def test_one_that_dies_while_it_works_is_told_apart_from_one_that_answers(supervisor: Supervisor) -> None:
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(supervisor.ask, "work", {"seconds": 60})
        until(lambda: supervisor.ask("health"))
        supervisor.kill()
        with pytest.raises(SupervisorFailed, match="hung up"):
            asked.result(10)


def test_many_callers_at_once_are_all_answered(supervisor: Supervisor) -> None:
    with ThreadPoolExecutor(60) as pool:
        answers = list(pool.map(lambda _: supervisor.ask("work", {"seconds": 0.2}), range(200)))
    assert answers == [{"size": 0}] * 200


def test_one_that_runs_out_of_files_answers_again(home: Home, supervisor: Supervisor) -> None:
    holder = read_holder(home)
    assert holder is not None
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.prlimit(supervisor.pid, resource.RLIMIT_NOFILE, (24, hard))
    with ExitStack() as idle:
        for _ in range(40):
            channel = idle.enter_context(socket.socket(socket.AF_UNIX))
            channel.connect(holder.socket)
        log = home.root / "supervisor.log"
        until(lambda: "no caller can be taken up" in log.read_text())
    assert supervisor.ask("health")["pid"] == supervisor.pid


def test_a_crash_ends_it_with_a_record_and_without_its_socket(home: Home, supervisor: Supervisor) -> None:
    supervisor.ask("crash")
    assert supervisor.wait_gone() == 1
    assert "played crash" in (home.root / "supervisor.log").read_text()
    assert not client.is_up(home)
    assert list(Path(os.environ["XDG_RUNTIME_DIR"]).rglob("*.sock")) == []


def test_the_second_sigterm_ends_one_that_takes_its_time(home: Home) -> None:
    with played_supervisor("stubborn") as supervisor:
        supervisor.terminate()
        until(lambda: supervisor.ask("health")["is_leaving"])
        assert not supervisor.is_gone
        began = time.monotonic()
        supervisor.signal(signal.SIGTERM)
        assert supervisor.wait_gone() == 0
        assert time.monotonic() - began < 1


@contextmanager
def loading(home: Home) -> Iterator[Supervisor]:
    supervisor = started(home, (*PLAYED, "slow"), PYTHONPATH=str(ROOT))
    try:
        until(lambda: client.is_up(home))
        assert supervisor.ask("health")["loop"] is None
        yield supervisor
    finally:
        supervisor.kill()


def test_while_it_loads_requests_wait(home: Home) -> None:
    with loading(home) as supervisor:
        assert supervisor.ask("work", {"seconds": 0}) == {"size": 0}


def test_sigterm_is_heard_while_it_loads(home: Home) -> None:
    with loading(home) as supervisor:
        supervisor.terminate()
        assert supervisor.wait_gone() == 0
    with Store.open(home.root) as store:
        assert [event.kind for event in store.events()] == ["supervisor_started", "supervisor_stopped"]


def test_one_that_does_not_get_done_is_gone_after_its_grace(home: Home) -> None:
    home.settings_file.write_text("[supervisor]\ngrace = 1\n")
    with played_supervisor("stubborn") as supervisor:
        began = time.monotonic()
        supervisor.terminate()
        assert supervisor.wait_gone() == 0
        assert 1 <= time.monotonic() - began < 3


def test_asking_costs_little(home: Home, supervisor: Supervisor) -> None:
    def seconds() -> float:
        began = time.perf_counter()
        assert client.is_up(home)
        return time.perf_counter() - began

    assert median(seconds() for _ in range(50)) < 0.002
    # what a command pays before it asks: nothing but these is loaded
    script = "import sys, scopecraft.supervisor.client; print(*sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    assert [name for name in loaded if name.startswith("scopecraft.")] == [
        "scopecraft.errors",
        "scopecraft.supervisor",
        "scopecraft.supervisor.client",
        "scopecraft.supervisor.holder",
        "scopecraft.supervisor.wire",
    ]
