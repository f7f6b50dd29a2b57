"""The supervisor as a real process: one a home, gone when it should be, and never in anybody's way."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from scopecraft.config.paths import Home
from scopecraft.errors import SupervisorFailed
from scopecraft.state.store import Store
from scopecraft.supervisor import client
from scopecraft.supervisor.holder import is_living, lock_path, read_holder
from tests.support.command_line import sc
from tests.support.supervisors import Supervisor, played_supervisor, running_supervisor
from tests.support.wait import until


@pytest.fixture
def supervisor(home: Home) -> Iterator[Supervisor]:
    with running_supervisor() as supervisor:
        yield supervisor


def journal(home: Home) -> list[tuple[str, object]]:
    with Store.open(home.root) as store:
        return [(event.kind, event.data["pid"]) for event in store.events() if event.kind.startswith("supervisor")]


def test_it_answers_and_leaves_politely(home: Home, supervisor: Supervisor) -> None:
    health = supervisor.ask("health")
    assert (health["pid"], health["fence"], health["home"]) == (supervisor.pid, 1, str(home.root))
    assert health["uptime_seconds"] >= 0
    supervisor.terminate()
    assert supervisor.wait_gone() == 0
    assert not client.is_up(home)
    assert read_holder(home) is None
    assert journal(home) == [("supervisor_started", supervisor.pid), ("supervisor_stopped", supervisor.pid)]
    assert [path.name for path in Path(os.environ["XDG_RUNTIME_DIR"]).rglob("*.sock")] == []


def test_a_second_one_refuses_and_names_the_first(supervisor: Supervisor) -> None:
    second = sc("serve")
    assert second.code == 3
    assert f"pid {supervisor.pid}" in second.err
    assert supervisor.ask("health")["pid"] == supervisor.pid


def test_after_sigkill_another_one_starts_at_once_with_a_higher_fence(home: Home) -> None:
    with running_supervisor() as first:
        first.kill()
        assert not client.is_up(home)
        began = time.monotonic()
        with running_supervisor() as second:
            assert second.ask("health")["fence"] == 2
            assert time.monotonic() - began < 5


def test_one_that_stands_still_is_reported_in_time(home: Home, supervisor: Supervisor) -> None:
    os.kill(supervisor.pid, signal.SIGSTOP)
    began = time.monotonic()
    client.poke(home)
    assert time.monotonic() - began < 0.5
    with pytest.raises(SupervisorFailed, match=rf"pid {supervisor.pid}\) does not answer"):
        client.ask(home, "health")
    assert time.monotonic() - began < 8
    os.kill(supervisor.pid, signal.SIGCONT)
    assert supervisor.ask("health")["pid"] == supervisor.pid


@pytest.mark.parametrize("gone", ["home", "lock file", "lock file of another"])
def test_it_leaves_by_itself_when_its_home_or_its_lock_is_gone(home: Home, supervisor: Supervisor, gone: str) -> None:
    if gone == "home":
        home.root.rename(home.root.with_name("elsewhere"))
    else:
        lock_path(home).unlink()
    if gone == "lock file of another":
        lock_path(home).touch()
    began = time.monotonic()
    assert supervisor.wait_gone() == 3
    assert time.monotonic() - began < 1.5  # it says a second, on a machine that has time
    assert home.root.exists() == (gone != "home")


def test_what_a_dead_one_wrote_does_not_speak_for_another_process(home: Home, supervisor: Supervisor) -> None:
    holder = read_holder(home)
    assert holder is not None and is_living(holder)
    assert not is_living(replace(holder, started=holder.started + 1))
    assert not is_living(replace(holder, boot_id="another"))


def test_a_lock_file_that_names_a_reused_pid_hinders_nobody(home: Home) -> None:
    row = {"pid": os.getpid(), "started": 1, "boot_id": "x", "started_at": "x", "version": "0", "socket": "/nowhere"}
    lock_path(home).write_text(json.dumps(row) + "\n")
    assert not client.is_up(home)
    with running_supervisor() as supervisor:
        assert supervisor.ask("health")["pid"] == supervisor.pid


def test_hangup_changes_nothing(supervisor: Supervisor) -> None:
    supervisor.signal(signal.SIGHUP)
    assert supervisor.ask("health")["pid"] == supervisor.pid


def test_a_removed_socket_is_made_anew(home: Home, supervisor: Supervisor) -> None:
    shutil.rmtree(Path(os.environ["XDG_RUNTIME_DIR"]) / "scopecraft")
    until(lambda: client.is_up(home))
    assert supervisor.ask("health")["pid"] == supervisor.pid


def test_one_that_slept_while_another_took_over_leaves_and_harms_nobody(home: Home) -> None:
    # its duties are played: one that is stopped in the middle of writing holds up everybody's writing
    with played_supervisor() as sleeper:
        os.kill(sleeper.pid, signal.SIGSTOP)
        lock_path(home).unlink()  # as a person may, to get going again
        with running_supervisor() as other:
            os.kill(sleeper.pid, signal.SIGCONT)
            assert sleeper.wait_gone() == 3
            health = other.ask("health")
            assert (health["pid"], health["fence"]) == (other.pid, 2)
            assert client.is_up(home)
