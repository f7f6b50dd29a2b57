"""A command that needs the supervisor starts it: once, detached, or by systemd where our unit is installed."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from scopecraft.atomic import file_lock
from scopecraft.config.paths import Home, home_of, make_home, runtime_folder
from scopecraft.errors import LockHeld, SupervisorFailed
from scopecraft.executors.processes import read_process
from scopecraft.supervisor import client
from scopecraft.supervisor.background import ensure_up
from scopecraft.supervisor.holder import is_living, read_holder
from scopecraft.supervisor.unit import unit_path
from tests.support.wait import until


@pytest.fixture
def home() -> Iterator[Home]:
    home = home_of(os.environ)
    make_home(home)
    yield home
    holder = read_holder(home)
    if holder is not None and is_living(holder):
        os.kill(holder.pid, signal.SIGKILL)
        until(lambda: not is_living(holder))


@pytest.fixture
def environ(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Of a person in a tmux window, who has keys and no rule against supervisors."""
    monkeypatch.delenv("SCOPECRAFT_SUPERVISOR")
    return {**os.environ, "TMUX": "/tmp/tmux-0/default,1,0", "GIT_DIR": "/nowhere", "ANTHROPIC_API_KEY": "sk-of-a-test"}


def environment_of(pid: int) -> dict[str, str]:
    pairs = Path(f"/proc/{pid}/environ").read_text().rstrip("\0").split("\0")
    return dict(pair.split("=", 1) for pair in pairs)


def test_it_is_started_detached_and_with_what_agents_need(home: Home, environ: dict[str, str]) -> None:
    assert ensure_up(home, environ)
    pid = client.ask(home, "health")["pid"]
    process = read_process(pid)
    assert process is not None
    assert process.session == pid != os.getsid(0)
    assert Path(f"/proc/{pid}/cwd").resolve() == home.root
    assert Path(f"/proc/{pid}/fd/0").resolve() == Path(os.devnull)
    theirs = environment_of(pid)
    assert theirs["ANTHROPIC_API_KEY"] == "sk-of-a-test"
    assert not {"TMUX", "GIT_DIR", "TERM"} & set(theirs)
    assert ensure_up(home, environ)
    assert client.ask(home, "health")["pid"] == pid


def test_of_many_commands_at_once_each_is_served_by_the_same_one(home: Home, environ: dict[str, str]) -> None:
    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(lambda _: ensure_up(home, environ), range(6))) == [True] * 6
    assert client.ask(home, "health")["fence"] == 1
    assert "has a supervisor already" not in (home.root / "supervisor.log").read_text()


def test_whoever_cannot_wait_does_not(home: Home, environ: dict[str, str]) -> None:
    assert not ensure_up(home, environ, wait_seconds=0)
    with pytest.raises(LockHeld), file_lock(runtime_folder(home, environ), timeout=0):
        pass  # nobody else starts one meanwhile
    assert not ensure_up(home, environ, wait_seconds=0)
    until(lambda: client.is_up(home))
    assert client.ask(home, "health")["fence"] == 1


def test_nothing_is_started_against_a_persons_word(home: Home, environ: dict[str, str]) -> None:
    assert not ensure_up(home, {**environ, "SCOPECRAFT_SUPERVISOR": "never"})
    assert read_holder(home) is None


def test_one_that_ends_at_once_says_why(home: Home, environ: dict[str, str]) -> None:
    (home.root / "supervisor.log").write_text("an older line\n")
    home.settings_file.write_text("[supervisor]\ngrace = 'soon'\n")
    with pytest.raises(SupervisorFailed, match=r"ended at once \(exit code 2\)") as failed:
        ensure_up(home, environ)
    assert "supervisor.grace" in failed.value.message
    assert "an older line" not in failed.value.message
    assert failed.value.hint == "run it in the foreground: sc serve"


@pytest.mark.parametrize("answer", ["starts it", "fails"])
def test_systemd_is_asked_where_our_unit_is_installed(
    home: Home, environ: dict[str, str], clean_environment: Path, answer: str
) -> None:
    unit = unit_path(home, environ)
    unit.parent.mkdir(parents=True)
    unit.write_text("[Service]\n")
    asked = clean_environment / "asked"
    serve = (
        f"BY_SYSTEMD=1 SCOPECRAFT_HOME={home.root} {sys.executable} -m scopecraft serve </dev/null >/dev/null 2>&1 &"
    )
    tool = clean_environment / "bin" / "systemctl"
    tool.parent.mkdir()
    tool.write_text(f'#!/bin/sh\necho "$@" >>{asked}\n{serve if answer == "starts it" else "exit 1"}\n')
    tool.chmod(0o755)
    assert ensure_up(home, {**environ, "PATH": f"{tool.parent}:{environ['PATH']}"})
    assert asked.read_text() == f"--user start {unit.name}\n"
    # where systemd does not start it, we do
    by_systemd = "BY_SYSTEMD" in environment_of(client.ask(home, "health")["pid"])
    assert by_systemd == (answer == "starts it")
