"""`sc up`, `sc status`, `sc down`, `sc serve` and `sc install-service`, as a person meets them."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from scopecraft.config.paths import home_of
from scopecraft.supervisor import client
from scopecraft.supervisor.holder import is_living, read_holder
from tests.support.command_line import Said, sc
from tests.support.supervisors import played_supervisor
from tests.support.wait import until


@pytest.fixture(autouse=True)
def a_home() -> Iterator[None]:
    """Whatever was started in it is ended, by its pid."""
    assert sc("init").code == 0
    yield
    holder = read_holder(home_of(os.environ))
    if holder is not None and is_living(holder):
        os.kill(holder.pid, signal.SIGKILL)


def status() -> tuple[int, dict[str, object]]:
    said = sc("status", "--json")
    return said.code, json.loads(said.out)


def test_up_status_down() -> None:
    code, before = status()
    assert (code, before["is_up"], before["supervisor"]) == (3, False, None)
    assert sc("down") == Said(0, "", "no supervisor is up\n")
    up = sc("up")
    assert up.code == 0, up.err
    pid = int(up.err.split()[-1])
    assert sc("up") == Said(0, "", f"the supervisor is up already: pid {pid}\n")
    shown = sc("status")
    assert shown.code == 0
    assert f"pid {pid}" in shown.out and "0 of at most 3 running" in shown.out
    code, health = status()
    assert (code, health["is_up"], health["supervisor"]["pid"]) == (0, True, pid)  # type: ignore[index]
    down = sc("down")
    assert (down.code, "it has left" in down.err) == (0, True)
    assert status()[0] == 3


def test_one_that_stands_still_is_named_by_every_command_and_soon() -> None:
    with played_supervisor() as supervisor:
        os.kill(supervisor.pid, signal.SIGSTOP)
        began = time.monotonic()
        for words in (("status",), ("down",)):
            said = sc(*words)
            assert said.code != 0
            assert f"pid {supervisor.pid}) does not answer" in said.err
            assert f"kill -KILL {supervisor.pid}" in said.err
        assert time.monotonic() - began < 20


def test_a_crash_leaves_its_last_words() -> None:
    with played_supervisor() as supervisor:
        supervisor.ask("crash")
        supervisor.wait_gone()
        said = sc("status")
        assert (said.code, "RuntimeError: played crash" in said.err) == (3, True)
        assert "start it: sc up" in said.err


def test_serve_tells_the_terminal_and_its_log_what_it_does() -> None:
    with played_supervisor() as supervisor:
        supervisor.signal(signal.SIGINT)
        assert supervisor.wait_gone() == 0
        log = (supervisor.home.root / "supervisor.log").read_text()
        assert supervisor.said.read_text() == log
        assert f"pid {supervisor.pid}, fence 1" in log
        assert log.endswith("left: SIGINT\n")
    assert "start it: sc up" in sc("status").err


def test_serve_refuses_without_a_home(clean_environment: Path) -> None:
    said = sc("serve", SCOPECRAFT_HOME=str(clean_environment / "none"))
    assert (said.code, "sc init" in said.err) == (3, True)


def test_the_unit_is_shown_written_and_taken_away(clean_environment: Path) -> None:
    heard = clean_environment / "heard"
    tool = clean_environment / "bin" / "systemctl"
    tool.parent.mkdir()
    tool.write_text(f'#!/bin/sh\necho "$@" >>{heard}\n')
    tool.chmod(0o755)
    path = f"{tool.parent}:{os.environ['PATH']}"
    units = clean_environment / "home" / ".config" / "systemd" / "user"

    shown = sc("install-service", "--print", PATH=path)
    assert not units.exists()
    written = sc("install-service", PATH=path)
    (unit,) = units.iterdir()
    assert unit.read_text() == shown.out
    assert f"systemctl --user enable --now {unit.name}" in written.err
    removed = sc("install-service", "--remove", PATH=path)
    assert (removed.code, list(units.iterdir())) == (0, [])
    assert heard.read_text().splitlines() == [
        "--user daemon-reload",
        f"--user disable {unit.name}",
        "--user daemon-reload",
    ]
    assert sc("install-service", "--remove", PATH=path).code == 0


def test_a_hundred_megabytes_are_enough() -> None:
    assert sc("up").code == 0
    home = home_of(os.environ)
    until(lambda: client.ask(home, "health")["loop"] is not None)
    pid = client.ask(home, "health")["pid"]
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    kilobytes = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))
    assert 1024 < kilobytes < 100 * 1024
