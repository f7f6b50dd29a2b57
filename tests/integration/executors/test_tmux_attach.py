"""A person looks at a window: from a terminal, from another tmux, from our own, and several at once."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from scopecraft.executors.tmux import TmuxExecutor
from scopecraft.model.handle import Alive, WindowHandle
from tests.support.tmux import MakeWindow, Terminal, server_pid, terminal, tmux
from tests.support.wait import until

pytestmark = pytest.mark.tmux


def saying(word: str) -> list[str]:
    """An agent that says its word, and then whatever it is told."""
    return ["/bin/sh", "-c", f"stty -echo; echo {word}; while read line; do echo $line-$line; done"]


def shows(person: Terminal, text: str) -> bool:
    return text.encode() in person.screen


def clients(socket: Path) -> list[str]:
    """The window that each client looks at."""
    return tmux(socket, "list-clients", "-F", "#{window_id}").splitlines()


def tmux_sessions(socket: Path) -> list[str]:
    return tmux(socket, "list-sessions", "-F", "#{session_name}").splitlines()


def environment_of(socket: Path, pane: str) -> dict[str, str]:
    return {**os.environ, "TMUX": f"{socket},{server_pid(socket)},0", "TMUX_PANE": pane}


@pytest.fixture
def two(executor: TmuxExecutor, make_launch: MakeWindow) -> tuple[WindowHandle, WindowHandle]:
    return executor.start(make_launch(saying("apple"))), executor.start(make_launch(saying("berry")))


def test_a_person_sees_the_window_types_and_leaves_it_running(
    executor: TmuxExecutor, two: tuple[WindowHandle, WindowHandle], socket: Path
) -> None:
    with terminal(executor.attach_command(two[1], inside_tmux=None)) as person:
        until(lambda: shows(person, "berry"))
        assert not shows(person, "apple")
        person.type("hello\r")
        until(lambda: shows(person, "hello-hello"))
        person.type("\x02d")
        until(lambda: shows(person, "[detached"))
    until(lambda: tmux_sessions(socket) == ["scopecraft"])
    assert executor.look(two[1]) == Alive()


def test_the_window_stays_when_the_persons_terminal_is_closed(
    executor: TmuxExecutor, two: tuple[WindowHandle, WindowHandle], socket: Path
) -> None:
    with terminal(executor.attach_command(two[0], inside_tmux="")) as person:
        until(lambda: shows(person, "apple"))
    until(lambda: tmux_sessions(socket) == ["scopecraft"])
    assert executor.look(two[0]) == Alive()


def test_two_viewers_look_at_different_windows(
    executor: TmuxExecutor, two: tuple[WindowHandle, WindowHandle], socket: Path, make_launch: MakeWindow
) -> None:
    with (
        terminal(executor.attach_command(two[0], inside_tmux=None)) as one,
        terminal(executor.attach_command(two[1], inside_tmux=None)) as other,
    ):
        until(lambda: shows(one, "apple") and shows(other, "berry"))
        executor.start(make_launch(saying("cherry")))
        one.type("first\r")
        other.type("second\r")
        until(lambda: shows(one, "first-first") and shows(other, "second-second"))
        assert not shows(one, "second-second")
        assert not shows(other, "first-first")
        assert sorted(clients(socket)) == [two[0].window_id, two[1].window_id]


def test_a_window_is_adopted_as_it_was_while_somebody_looks_at_it(
    executor: TmuxExecutor, make_launch: MakeWindow, socket: Path
) -> None:
    launch = make_launch(saying("apple"))
    handle = executor.start(launch)
    with terminal(executor.attach_command(handle, inside_tmux=None)) as person:
        until(lambda: shows(person, "apple"))
        tmux(socket, "rename-session", "-t", "=scopecraft", "zzz")  # tmux lists by name
        assert executor.adopt(launch.session_id) == handle


def test_a_viewer_gets_his_terminal_back_when_the_last_window_is_closed(
    executor: TmuxExecutor, make_launch: MakeWindow, socket: Path
) -> None:
    handle = executor.start(make_launch(["/bin/sh", "-c", "echo apple; read line; exit 3"]))
    with terminal(executor.attach_command(handle, inside_tmux=None)) as person:
        until(lambda: shows(person, "apple"))
        person.type("\r")
        until(lambda: shows(person, "the agent has ended with code 3"))
        executor.forget(handle)
        until(lambda: shows(person, "[exited]"))


def test_from_another_tmux_the_window_opens_in_a_new_window_there(
    executor: TmuxExecutor, two: tuple[WindowHandle, WindowHandle], socket: Path
) -> None:
    theirs = socket.with_name("theirs")
    tmux(theirs, "-f", "/dev/null", "new-session", "-d", "-s", "work", "sleep", "600")
    environment = environment_of(theirs, "%0")
    with terminal(["tmux", "-S", str(theirs), "attach"]) as person:
        until(lambda: clients(theirs))
        argv = executor.attach_command(two[1], inside_tmux=environment["TMUX"])
        subprocess.run(argv, env=environment, check=True, timeout=10)
        until(lambda: shows(person, "berry"))
        person.type("hello\r")
        until(lambda: shows(person, "hello-hello"))
        assert tmux(theirs, "list-windows", "-F", "#{window_name}").splitlines()[1] == "scopecraft"
        assert clients(socket) == [two[1].window_id]
        person.type("\x02\x02d")  # leaves the inner one; the window there ends with it
        until(lambda: len(tmux(theirs, "list-windows").splitlines()) == 1)
    assert executor.look(two[1]) == Alive()


def test_from_a_shell_in_our_own_server_the_same_view_changes_to_the_window(
    executor: TmuxExecutor, two: tuple[WindowHandle, WindowHandle], socket: Path
) -> None:
    with terminal(executor.attach_command(two[0], inside_tmux=None)) as person:
        until(lambda: shows(person, "apple"))
        person.type("\x02c")  # the person's own shell, as a window beside ours
        until(lambda: len(tmux(socket, "list-windows", "-t", "scopecraft").splitlines()) == 3)
        [pane] = until(lambda: tmux(socket, "list-clients", "-F", "#{pane_id}").splitlines())
        environment = environment_of(socket, pane)
        argv = executor.attach_command(two[1], inside_tmux=environment["TMUX"])
        subprocess.run(argv, env=environment, check=True, timeout=10)
        until(lambda: clients(socket) == [two[1].window_id])
        until(lambda: shows(person, "berry"))
        assert len(tmux_sessions(socket)) == 2


def test_from_the_persons_session_on_the_same_server_the_view_changes_to_a_viewers_session(
    two: tuple[WindowHandle, WindowHandle], socket: Path, executor: TmuxExecutor
) -> None:
    pane = tmux(socket, "new-session", "-d", "-s", "work", "-P", "-F", "#{pane_id}", "sleep", "600")
    environment = environment_of(socket, pane)
    with terminal(["tmux", "-S", str(socket), "attach", "-t", "=work"]) as person:
        until(lambda: len(clients(socket)) == 1)
        argv = executor.attach_command(two[1], inside_tmux=environment["TMUX"])
        subprocess.run(argv, env=environment, check=True, timeout=10)
        until(lambda: shows(person, "berry"))
        assert clients(socket) == [two[1].window_id]
        assert len(tmux_sessions(socket)) == 3
        person.type("\x02(")  # back to a session of his own choice
        tmux(socket, "switch-client", "-t", "=work")
        until(lambda: sorted(tmux_sessions(socket)) == ["scopecraft", "work"])


def test_what_an_agent_prints_reaches_neither_clipboard_nor_title(
    executor: TmuxExecutor, make_launch: MakeWindow
) -> None:
    clipboard, title = "\\033]52;c;c3RvbGVu\\007", "\\033]2;stolen\\007"
    passed = "\\033Ptmux;\\033\\033]52;c;c3RvbGVu\\007\\033\\\\"
    script = f"read line; printf '%b' '{clipboard}{passed}{title}'; echo done; read line"
    handle = executor.start(make_launch(["/bin/sh", "-c", script]))
    with terminal(executor.attach_command(handle, inside_tmux=None)) as person:
        until(lambda: shows(person, "leave, the agent goes on"))
        person.type("\r")
        until(lambda: shows(person, "done"))
    assert b"]52;" not in person.screen
    assert b"c3RvbGVu" not in person.screen
    assert b"]2;" not in person.screen
    assert b"]0;" not in person.screen
