"""Ending agents with all their children, and closing their windows."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from scopecraft.errors import TmuxFailed
from scopecraft.executors.tmux import TmuxExecutor
from scopecraft.model.handle import Alive, Exited, Gone
from tests.integration.executors.contract import ended, trapping
from tests.support.tmux import MakeWindow, processes_of_session, server_pid, stopped
from tests.support.wait import until

pytestmark = pytest.mark.tmux


def test_stopping_takes_the_children_along_wherever_they_went(
    executor: TmuxExecutor, make_launch: MakeWindow, shared: Path
) -> None:
    script = "trap 'exit 0' TERM; sleep 601 & (trap '' TERM HUP; sleep 602; :) & setsid sh -c 'sleep 603; :' & "
    script += 'echo "$!" > pids; mv pids ready; while :; do sleep 0.1; done'
    handle = executor.start(make_launch(["/bin/bash", "-c", script]))
    until((shared / "ready").exists)
    detached = int((shared / "ready").read_text())
    executor.stop(handle, grace_seconds=1)
    assert processes_of_session(handle.pane_pid) == []
    assert processes_of_session(detached) == []
    assert until(lambda: ended(executor, handle)).exit_code == 0


def test_an_interactive_shell_ends_without_waiting_out_the_grace_period(
    executor: TmuxExecutor, make_launch: MakeWindow
) -> None:
    handle = executor.start(make_launch(["/bin/bash", "--norc", "-i"]))
    until(lambda: executor.capture(handle, lines=5))
    began = time.monotonic()
    executor.stop(handle, grace_seconds=30)
    assert time.monotonic() - began < 10
    assert until(lambda: ended(executor, handle)).exit_code == 129


def test_a_suspended_agent_hears_the_polite_signal(
    executor: TmuxExecutor, make_launch: MakeWindow, shared: Path, socket: Path
) -> None:
    handle = executor.start(make_launch(trapping(shared, "exit 7")))
    until((shared / "ready").exists)
    with stopped(server_pid(socket)):  # a tmux that works wakes its children itself
        os.kill(handle.pane_pid, signal.SIGSTOP)
        executor.stop(handle, grace_seconds=20)
    assert until(lambda: ended(executor, handle)).exit_code == 7


def test_stopping_works_while_tmux_hangs(executor: TmuxExecutor, make_launch: MakeWindow, socket: Path) -> None:
    handle = executor.start(make_launch(["sleep", "600"]))
    with stopped(server_pid(socket)):
        executor.stop(handle, grace_seconds=5)
        assert processes_of_session(handle.pane_pid) == []
    assert until(lambda: ended(executor, handle)).exit_code == 143


def test_a_forgotten_window_is_closed_but_a_living_one_is_kept(executor: TmuxExecutor, make_launch: MakeWindow) -> None:
    living, over = (executor.start(make_launch(argv)) for argv in (["sleep", "600"], ["true"]))
    until(lambda: ended(executor, over))
    executor.forget(living)
    executor.forget(over)
    assert executor.look(living) == Alive()
    assert isinstance(executor.look(over), Gone)
    executor.forget(over)


def test_an_ended_session_is_found_again_with_its_exit_code(executor: TmuxExecutor, make_launch: MakeWindow) -> None:
    launch = make_launch(["/bin/sh", "-c", "echo done; exit 9"])
    started = executor.start(launch)
    until(lambda: ended(executor, started))
    handle = executor.adopt(launch.session_id)
    assert handle is not None
    look = executor.look(handle)
    assert isinstance(look, Exited)
    assert (look.exit_code, look.last_lines) == (9, ("done",))


def test_the_server_outlives_its_last_window(executor: TmuxExecutor, make_launch: MakeWindow, socket: Path) -> None:
    over = executor.start(make_launch(["true"]))
    until(lambda: ended(executor, over))
    pid = server_pid(socket)
    executor.forget(over)
    handle = executor.start(make_launch(["sleep", "600"]))
    assert server_pid(socket) == pid
    assert executor.look(handle) == Alive()


def test_no_answer_is_not_taken_for_no_window(executor: TmuxExecutor, make_launch: MakeWindow, socket: Path) -> None:
    launch = make_launch(["sleep", "600"])
    executor.start(launch)
    with stopped(server_pid(socket)), pytest.raises(TmuxFailed):
        TmuxExecutor(socket, answer_seconds=0.5).adopt(launch.session_id)
