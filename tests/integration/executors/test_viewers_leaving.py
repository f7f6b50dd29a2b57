"""Whoever leaves a window, in whatever way: the agents and the tmux server go on, and nothing of the viewer stays."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from scopecraft.executors.tmux import TmuxExecutor
from scopecraft.model.handle import Alive, WindowHandle
from tests.support.tmux import MakeWindow, Terminal, server_pid, terminal, tmux
from tests.support.wait import until

pytestmark = pytest.mark.tmux
VIEWERS = 4


def sessions_of_tmux(socket: Path) -> list[str]:
    return tmux(socket, "list-sessions", "-F", "#{session_name}").splitlines()


def clients(socket: Path) -> list[str]:
    return tmux(socket, "list-clients", "-F", "#{client_name}").splitlines()


def hooks(socket: Path) -> list[str]:
    shown = tmux(socket, "show-hooks", "-g").splitlines()
    return [line for line in shown if line.startswith(("client-detached", "client-session-changed"))]


@pytest.fixture
def window(executor: TmuxExecutor, make_launch: MakeWindow) -> WindowHandle:
    return executor.start(make_launch(["/bin/sh", "-c", "echo apple; exec sleep 600"]))


@pytest.fixture
def attach(executor: TmuxExecutor, window: WindowHandle) -> Callable[[ExitStack], Terminal]:
    def open_terminal(stack: ExitStack) -> Terminal:
        person = stack.enter_context(terminal(executor.attach_command(window, inside_tmux=None)))
        until(lambda: b"apple" in person.screen)
        return person

    return open_terminal


def by_prefix(persons: list[Terminal], socket: Path) -> None:
    for person in persons:
        person.type("\x02d")


def by_one_who_sends_all_others_away(persons: list[Terminal], socket: Path) -> None:
    tmux(socket, "detach-client", "-a", "-t", clients(socket)[0])
    by_prefix(persons, socket)


def by_hanging_up(persons: list[Terminal], socket: Path) -> None:
    for person in persons:
        person.signal(signal.SIGHUP)


def by_being_killed(persons: list[Terminal], socket: Path) -> None:
    for person in persons:
        person.signal(signal.SIGKILL)


@pytest.mark.parametrize("leave", [by_prefix, by_one_who_sends_all_others_away, by_hanging_up, by_being_killed])
def test_who_leaves_takes_nobody_along_and_leaves_nothing(
    executor: TmuxExecutor,
    window: WindowHandle,
    attach: Callable[[ExitStack], Terminal],
    socket: Path,
    leave: Callable[[list[Terminal], Path], None],
) -> None:
    for _ in range(5):  # with `destroy-unattached`, tmux 3.3a crashed in about one of two
        with ExitStack() as stack:
            leave([attach(stack) for _ in range(VIEWERS)], socket)
            until(lambda: sessions_of_tmux(socket) == ["scopecraft"])
    assert executor.look(window) == Alive()
    assert hooks(socket) == ["client-detached", "client-session-changed"], "none is ours any more"


def test_a_suspended_viewer_comes_back_to_the_window(
    executor: TmuxExecutor, window: WindowHandle, attach: Callable[[ExitStack], Terminal], socket: Path
) -> None:
    with ExitStack() as stack:
        person = attach(stack)
        person.type("\x02\x1a")
        until(lambda: "suspended" in tmux(socket, "list-clients", "-F", "#{client_flags}"))
        with ExitStack() as others:
            attach(others)  # looks for what is left of others
        until(lambda: len(sessions_of_tmux(socket)) == 2)
        assert executor.look(window) == Alive()
        person.screen = b""
        person.signal(signal.SIGCONT)
        until(lambda: b"apple" in person.screen)


def test_the_persons_hooks_stay_and_so_does_what_nobody_attached(
    executor: TmuxExecutor, window: WindowHandle, socket: Path
) -> None:
    tmux(socket, "set-hook", "-g", "client-session-changed", "set-option -gF @moved '#{session_name}'")
    pane = tmux(socket, "new-session", "-d", "-s", "work", "-P", "-F", "#{pane_id}", "sleep", "600")
    tmux(socket, "new-session", "-d", "-s", "viewer-notes", "sleep", "600")
    before = hooks(socket)
    inside = {**os.environ, "TMUX": f"{socket},{server_pid(socket)},0", "TMUX_PANE": pane}
    with terminal(["tmux", "-S", str(socket), "attach", "-t", "=work"]) as person:
        until(lambda: clients(socket))
        for _ in range(5):
            argv = executor.attach_command(window, inside_tmux=inside["TMUX"])
            subprocess.run(argv, env=inside, check=True, timeout=10)
            until(lambda: b"apple" in person.screen)
            assert len(sessions_of_tmux(socket)) == 4
            tmux(socket, "switch-client", "-c", clients(socket)[0], "-t", "=work")
            until(lambda: sessions_of_tmux(socket) == ["scopecraft", "viewer-notes", "work"])
            person.screen = b""
        until(lambda: hooks(socket) == before)
        assert tmux(socket, "show-options", "-gv", "@moved") == "work"
    assert executor.look(window) == Alive()


def test_the_last_session_that_holds_the_windows_is_kept(
    executor: TmuxExecutor, window: WindowHandle, attach: Callable[[ExitStack], Terminal], socket: Path
) -> None:
    with ExitStack() as stack:
        attach(stack)
        tmux(socket, "kill-session", "-t", "=scopecraft")
    until(lambda: not clients(socket))
    tmux(socket, "run-shell", "true")
    assert executor.look(window) == Alive()
