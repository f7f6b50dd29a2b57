"""The bell reaches the person: through the session's window, or at every terminal that looks at the server."""

from __future__ import annotations

from pathlib import Path

import pytest

from scopecraft.errors import TmuxFailed
from scopecraft.executors.tmux import TmuxExecutor
from scopecraft.executors.tmux_bell import ring_clients, ring_window
from tests.support.tmux import MakeWindow, server_pid, stopped, terminal, tmux
from tests.support.wait import until

pytestmark = pytest.mark.tmux
TALKER = ["/bin/sh", "-c", "stty -echo; echo $0; exec sleep 600", "ready"]


def test_the_bell_of_a_window_rings_at_who_looks_at_another_one_and_marks_it(
    executor: TmuxExecutor, make_launch: MakeWindow, socket: Path
) -> None:
    asking, seen = executor.start(make_launch(TALKER)), executor.start(make_launch(TALKER))
    with terminal(executor.attach_command(seen, inside_tmux=None)) as person:
        until(lambda: b"ready" in person.screen)
        assert b"\a" not in person.screen
        assert ring_window(str(socket), asking.pane_id)
        until(lambda: b"\a" in person.screen)
        flags = "#{window_id} #{window_bell_flag}"
        until(lambda: f"{asking.window_id} 1" in tmux(socket, "list-windows", "-a", "-F", flags).splitlines())


def test_without_a_window_the_bell_rings_at_every_terminal(
    executor: TmuxExecutor, make_launch: MakeWindow, socket: Path
) -> None:
    window = executor.start(make_launch(TALKER))
    argv = executor.attach_command(window, inside_tmux=None)
    with terminal(argv) as one, terminal(argv) as other:
        until(lambda: b"ready" in one.screen and b"ready" in other.screen)
        assert ring_clients(str(socket))
        until(lambda: b"\a" in one.screen and b"\a" in other.screen)


def test_nobody_to_hear_it_is_no_fault(executor: TmuxExecutor, make_launch: MakeWindow, socket: Path) -> None:
    assert not ring_clients(str(socket))
    assert not ring_window(str(socket), "%3")
    window = executor.start(make_launch(["true"]))
    assert executor.early_death(window, seconds=10)
    assert not ring_window(str(socket), window.pane_id)
    assert not ring_clients(str(socket))
    with stopped(server_pid(socket)), pytest.raises(TmuxFailed, match="tmux did not answer"):
        ring_clients(str(socket))
