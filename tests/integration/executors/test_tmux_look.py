"""Looking at windows: alive, over, gone, or no answer."""

from __future__ import annotations

import dataclasses
import os
import shutil
import signal
import time
from pathlib import Path

import pytest

from scopecraft.executors.tmux import TmuxExecutor
from scopecraft.executors.tmux_look import look_at_windows
from scopecraft.model.handle import Alive, Gone, Unknown, WindowHandle
from tests.integration.executors.contract import ended
from tests.support.tmux import MakeWindow, processes_of_session, python, server_pid, stopped, tmux
from tests.support.wait import until

pytestmark = pytest.mark.tmux


def test_an_agent_killed_by_a_signal_shows_it(executor: TmuxExecutor, make_launch: MakeWindow) -> None:
    handle = executor.start(make_launch(["sleep", "600"]))
    os.kill(handle.pane_pid, signal.SIGKILL)
    assert until(lambda: ended(executor, handle), 2).exit_code == 137


def test_the_end_is_seen_though_a_child_keeps_the_terminal_open(
    executor: TmuxExecutor, make_launch: MakeWindow
) -> None:
    handle = executor.start(make_launch(["/bin/sh", "-c", "trap '' HUP; sleep 600 & echo bye; exit 4"]))
    look = until(lambda: ended(executor, handle), 2)
    assert (look.exit_code, look.last_lines) == (4, ("bye",))
    executor.stop(handle, grace_seconds=5)
    until(lambda: not processes_of_session(handle.pane_pid), 2)


def test_a_window_closed_by_hand_is_gone(executor: TmuxExecutor, make_launch: MakeWindow, socket: Path) -> None:
    handle = executor.start(make_launch(["sleep", "600"]))
    tmux(socket, "kill-window", "-t", handle.window_id)
    assert isinstance(until(lambda: (look := executor.look(handle)) != Alive() and look, 2), Gone)


@pytest.mark.parametrize("number", [None, signal.SIGTERM, signal.SIGKILL])
def test_a_killed_server_is_seen_within_two_seconds(
    executor: TmuxExecutor, make_launch: MakeWindow, socket: Path, number: signal.Signals | None
) -> None:
    handle = executor.start(make_launch(["sleep", "600"]))
    if number is None:
        tmux(socket, "kill-server")
    else:
        os.kill(server_pid(socket), number)
    until(lambda: isinstance(executor.look(handle), Gone), 2)
    assert executor.adopt("r-00000000000000ff") is None


def test_a_hanging_server_is_unknown_in_time_and_comes_back(
    executor: TmuxExecutor, make_launch: MakeWindow, socket: Path
) -> None:
    handle = executor.start(make_launch(["sleep", "600"]))
    with stopped(server_pid(socket)):
        began = time.monotonic()
        assert isinstance(executor.look(handle), Unknown)
        assert time.monotonic() - began < 3
    assert executor.look(handle) == Alive()


def test_one_hanging_server_does_not_hide_the_others(
    executor: TmuxExecutor, make_launch: MakeWindow, socket: Path
) -> None:
    hanging = executor.start(make_launch(["sleep", "600"]))
    fine = TmuxExecutor(socket.with_name("other")).start(make_launch(["sleep", "600"]))
    with stopped(server_pid(socket)):
        looks = look_at_windows([hanging, fine], deadline_seconds=1)
    assert isinstance(looks[hanging], Unknown)
    assert looks[fine] == Alive()


def test_a_removed_socket_does_not_make_a_living_agent_gone(
    executor: TmuxExecutor, make_launch: MakeWindow, socket: Path
) -> None:
    handle = executor.start(make_launch(["sleep", "600"]))
    pid = server_pid(socket)
    socket.unlink()
    assert isinstance(executor.look(handle), Unknown)
    executor.stop(handle, grace_seconds=5)
    until(lambda: isinstance(executor.look(handle), Gone), 2)
    os.kill(pid, signal.SIGUSR1)  # tmux makes its socket again
    until(lambda: ended(executor, handle))


def test_a_socket_that_we_may_not_open_is_unknown(absent: WindowHandle, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    inside_a_file = dataclasses.replace(absent, socket=str(tmp_path / "file" / "s"))
    assert isinstance(look_at_windows([inside_a_file])[inside_a_file], Unknown)


def test_a_restarted_server_does_not_lend_its_windows_to_old_handles(
    executor: TmuxExecutor, make_launch: MakeWindow, socket: Path
) -> None:
    old = executor.start(make_launch(["sleep", "600"]))
    tmux(socket, "kill-server")
    until(lambda: isinstance(executor.look(old), Gone))
    new = executor.start(make_launch(["sleep", "600"]))
    assert (new.pane_id, new.window_id) == (old.pane_id, old.window_id)
    assert isinstance(executor.look(old), Gone)
    executor.stop(old, grace_seconds=1)
    executor.forget(old)
    assert executor.look(new) == Alive()


def test_a_reused_pid_is_not_our_agent(executor: TmuxExecutor, make_launch: MakeWindow) -> None:
    handle = executor.start(make_launch(["sleep", "600"]))
    other = dataclasses.replace(handle, pane_started=handle.pane_started - 1)
    assert isinstance(executor.look(other), Gone)
    executor.stop(other, grace_seconds=1)
    assert executor.look(handle) == Alive()


def test_no_end_is_missed_that_comes_while_tmux_is_busy_with_it(
    executor: TmuxExecutor, make_launch: MakeWindow
) -> None:
    """tmux with utempter is deaf to its children for a moment after a screen is closed."""
    for microseconds in range(0, 3000, 150):
        closing = "import os, signal, time; signal.signal(signal.SIGHUP, signal.SIG_IGN); os.closerange(0, 3);"
        handle = executor.start(make_launch(python(f"{closing} time.sleep({microseconds} / 1e6); os._exit(3)")))
        assert until(lambda handle=handle: ended(executor, handle), 2).exit_code == 3


def test_200_windows_are_seen_with_one_request(
    executor: TmuxExecutor, make_launch: MakeWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    handles = [executor.start(make_launch(["sleep", "600"])) for _ in range(200)]
    (tmp_path / "tmux").write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/calls\nexec {shutil.which("tmux")} "$@"\n')
    (tmp_path / "tmux").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert list(look_at_windows(handles).values()) == [Alive()] * 200
    assert len((tmp_path / "calls").read_text().splitlines()) == 1
