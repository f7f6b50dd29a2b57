"""What happens to a window behind our back is noticed at the next look, with exit code and last lines."""

from __future__ import annotations

import os
import signal
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from scopecraft.executors.processes import start_time
from scopecraft.model.handle import WindowHandle
from scopecraft.model.session import Running, Session, handle_of
from scopecraft.state.store import Store
from tests.support.played import Shop, check_invariants, measured
from tests.support.tmux import processes_of_session, server_pid, stopped, tmux
from tests.support.wait import until

pytestmark = [pytest.mark.engine, pytest.mark.tmux, pytest.mark.image]

NOTICED_SECONDS = 3.0  # of which our own start is one on a busy machine
CLOSED = {"kind": "interrupted", "cause": "tmux", "detail": "the window was closed"}


@pytest.fixture
def window(shop: Shop) -> Session:
    said = shop.dispatch("fix-login", "echo I think; echo and wait; sleep 600")
    assert said.code == 0, said.err
    return shop.session("fix-login")


def pane_of(session: Session) -> WindowHandle:
    handle = handle_of(session.status)
    assert isinstance(handle, WindowHandle)
    return handle


def noticed(shop: Shop) -> dict[str, object]:
    with measured() as took:
        outcome = shop.outcome("fix-login")
    assert took[0] < NOTICED_SECONDS * 2, "two commands were run"
    return outcome


def test_a_window_closed_by_a_person_is_an_interruption(shop: Shop, window: Session) -> None:
    tmux(pane_of(window).socket, "kill-window", "-t", pane_of(window).window_id)
    assert noticed(shop) == CLOSED
    check_invariants(shop)


def test_an_agent_that_outlives_its_closed_window_is_ended(shop: Shop) -> None:
    assert shop.dispatch("stubborn", "trap '' HUP TERM; while :; do sleep 1; done").code == 0
    handle = pane_of(shop.session("stubborn"))
    tmux(handle.socket, "kill-window", "-t", handle.window_id)
    assert shop.outcome("stubborn") == CLOSED
    assert processes_of_session(handle.pane_pid) == []


def test_a_killed_server_is_an_interruption_and_containers_go_on(shop: Shop, window: Session) -> None:
    assert shop.run("other", "sleep 600").code == 0
    assert shop.dispatch("second", "sleep 600").code == 0
    tmux(pane_of(window).socket, "kill-server")
    outcome = noticed(shop)
    assert (outcome["kind"], outcome["cause"]) == ("interrupted", "tmux")
    assert shop.outcome("second")["cause"] == "tmux"
    assert shop.row("other")["state"] == "running"
    check_invariants(shop)
    assert shop.dispatch("fix-login", "sleep 600").code == 0
    assert shop.row("fix-login")["state"] == "running"


def test_a_killed_server_process_is_an_interruption(shop: Shop, window: Session) -> None:
    os.kill(server_pid(pane_of(window).socket), signal.SIGKILL)
    assert noticed(shop)["cause"] == "tmux"
    check_invariants(shop)


def test_a_killed_agent_has_its_signal_and_its_last_lines(shop: Shop, window: Session) -> None:
    os.kill(pane_of(window).pane_pid, signal.SIGKILL)
    until(lambda: start_time(pane_of(window).pane_pid) is None)
    reason = "Agent was ended by SIGKILL: I think and wait"
    assert noticed(shop) == {"kind": "failed", "reason": reason, "exit_code": 137}
    shown = shop.sc("show", "fix-login").out
    assert "  | I think\n  | and wait\n" in shown
    check_invariants(shop)


def test_an_agent_that_ended_by_itself_has_its_exit_code_and_its_last_lines(shop: Shop) -> None:
    said = shop.dispatch("fix-login", "echo working; sleep 2; echo no such file >&2; exit 4")
    assert said.code == 0, said.err
    handle = pane_of(shop.session("fix-login"))
    until(lambda: start_time(handle.pane_pid) is None)
    reason = "Agent exited with code 4: working no such file"
    assert noticed(shop) == {"kind": "failed", "reason": reason, "exit_code": 4}
    check_invariants(shop)


def test_an_agent_that_dies_at_once_is_told_with_its_last_lines(shop: Shop) -> None:
    said = shop.dispatch("fix-login", "echo bad option >&2; exit 2")
    assert said.code == 1
    assert "exit code 2" in said.err and "bad option" in said.err
    assert shop.outcome("fix-login")["exit_code"] == 2
    check_invariants(shop)


def test_a_process_that_has_the_agents_number_now_is_left_alone(shop: Shop, window: Session) -> None:
    """The number alone is no proof: its start time is compared."""
    tmux(pane_of(window).socket, "kill-server")
    with subprocess.Popen(["sleep", "600"]) as stranger:
        handle = replace(pane_of(window), pane_pid=stranger.pid)
        with Store.open(shop.home.root) as store:
            _rewrite_handle(store, window, handle)
        assert noticed(shop)["cause"] == "tmux"
        assert stranger.poll() is None
        stranger.kill()
    check_invariants(shop)


def _rewrite_handle(store: Store, session: Session, handle: WindowHandle) -> None:
    """What the store has of a session whose process's number went to another one: by a detour that moves allow."""
    from scopecraft.model.session import Waiting

    status = session.status
    assert isinstance(status, Running)
    store.move(session.id, Waiting(status.started_at, handle, status.started_at, "idle"), "session_waiting", "")
    store.move(session.id, Running(status.started_at, handle), "session_resumed", "")


def test_a_hanging_tmux_is_unknown_and_nothing_is_concluded(shop: Shop, window: Session) -> None:
    with stopped(server_pid(pane_of(window).socket)):
        row = shop.row("fix-login")
        assert (row["state"], row["detail"]) == ("unknown", "tmux did not answer in time")
    assert shop.row("fix-login")["state"] == "running"


def test_a_machine_that_was_restarted_is_named(shop: Shop, window: Session) -> None:
    facts = shop.path(window.id) / "facts.json"
    boot_id = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    facts.write_text(facts.read_text().replace(boot_id, "0" * 8 + boot_id[8:]))
    tmux(pane_of(window).socket, "kill-server")
    assert noticed(shop) == {"kind": "interrupted", "cause": "machine", "detail": "it was restarted"}
    check_invariants(shop)


def test_a_window_that_opens_only_after_its_session_was_given_up_runs_nothing(shop: Shop) -> None:
    """The command is dead, but tmux has its order and carries it out late."""
    script = f"echo run >>{shop.home.root}/started; sleep 600"
    assert shop.dispatch("first", "sleep 600").code == 0
    socket = pane_of(shop.session("first")).socket
    launched = "sessions/r-*/launch/window.env"
    with stopped(server_pid(socket)):
        process = shop.begin("dispatch", "late", "--agent", "plain", "--", "sh", "-c", script)
        until(lambda: list(shop.home.root.glob(launched)), 20, every=0.005)
        late = shop.session("late").id.encode()
        until(lambda: late in _commands(), 20, every=0.02, what="its client to wait for the server's answer")
        process.kill()
        process.wait()
        assert shop.row("late")["state"] == "unknown"
    assert shop.outcome("late") == {"kind": "interrupted", "cause": "starter", "detail": ""}
    until(lambda: late not in _commands(), 20, what="the client to be answered")
    assert not (shop.home.root / "started").exists()
    check_invariants(shop)


def _commands() -> bytes:
    """The command lines of all tmux clients."""
    found = b""
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = file.read_bytes()
        except OSError:
            continue
        found += line if b"tmux\0-u" in line else b""
    return found
