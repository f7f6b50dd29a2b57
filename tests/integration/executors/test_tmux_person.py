"""The person's own tmux server, with settings that break programs which go by names and defaults."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from scopecraft.executors.tmux import TmuxExecutor
from scopecraft.executors.tmux_look import look_at_windows
from scopecraft.model.handle import Alive, WindowHandle
from tests.integration.executors.contract import ExecutorContract, ended
from tests.support.tmux import MakeWindow, terminal, tmux
from tests.support.wait import until

pytestmark = pytest.mark.tmux

HOSTILE = """
unbind C-b
set -g prefix C-a
set -g base-index 7
setw -g pane-base-index 3
set -g renumber-windows on
setw -g automatic-rename on
setw -g automatic-rename-format 'auto'
setw -g allow-rename on
setw -g remain-on-exit off
set -g destroy-unattached on
set -g default-command 'exit 1'
set -g default-shell /bin/false
set -g set-titles on
set -g status off
set -g update-environment 'HOME'
set -s exit-empty on
set-hook -g after-new-window 'rename-window hijacked'
set-hook -g after-new-session 'rename-window hijacked'
"""


@pytest.fixture(params=["running", "not yet running"])
def socket(request: pytest.FixtureRequest, socket: Path, clean_environment: Path) -> Path:
    """A server with a session of the person's, or only the settings that it will read."""
    (clean_environment / "home" / ".tmux.conf").write_text(HOSTILE)
    if request.param == "running":
        tmux(
            socket,
            "new-session",
            "-d",
            "-s",
            "scopecraft-notes",
            "sleep",
            "600",
            ";",
            "set",
            "destroy-unattached",
            "off",
        )
    return socket


@pytest.fixture
def executor(socket: Path) -> TmuxExecutor:
    return TmuxExecutor(socket, is_own_server=False)


class TestPersonsServer(ExecutorContract):
    @pytest.fixture
    def unreachable(self, executor: TmuxExecutor, absent: WindowHandle) -> tuple[TmuxExecutor, WindowHandle]:
        return executor, absent


def test_windows_keep_their_name_and_their_last_lines(
    executor: TmuxExecutor, make_launch: MakeWindow, socket: Path
) -> None:
    living = executor.start(make_launch(["sleep", "600"], name="one-dispatch"))
    over = executor.start(
        make_launch(["/bin/sh", "-c", "printf '\\033kevil\\033\\\\bye'; exit 3"], name="two-dispatch")
    )
    look = until(lambda: ended(executor, over))
    assert (look.exit_code, look.last_lines) == (3, ("bye",))
    assert executor.look(living) == Alive()
    names = {
        handle.window_id: tmux(socket, "display-message", "-p", "-t", handle.window_id, "#{window_name}")
        for handle in (living, over)
    }
    assert list(names.values()) == ["one-dispatch", "two-dispatch"]


def test_our_windows_stand_in_a_session_of_their_own(
    executor: TmuxExecutor, make_launch: MakeWindow, socket: Path
) -> None:
    handles = [executor.start(make_launch(["sleep", "600"])) for _ in range(3)]
    assert set(look_at_windows(handles).values()) == {Alive()}
    sessions = tmux(socket, "list-sessions", "-F", "#{session_name} #{session_windows}").splitlines()
    assert [line for line in sessions if line != "scopecraft-notes 1"] == ["scopecraft 3"]


def test_a_viewer_sees_the_window_with_the_persons_keys(
    executor: TmuxExecutor, make_launch: MakeWindow, socket: Path
) -> None:
    handle = executor.start(make_launch(["/bin/sh", "-c", "echo apple; sleep 600"]))
    with terminal(executor.attach_command(handle, inside_tmux=None)) as person:
        until(lambda: b"apple" in person.screen)
        person.type("\x01d")
        until(lambda: b"[detached" in person.screen)
    assert executor.look(handle) == Alive()


def test_our_own_server_may_read_the_persons_settings_but_keeps_ours(
    socket: Path, make_launch: MakeWindow, clean_environment: Path
) -> None:
    ours = socket.with_name("ours")
    executor = TmuxExecutor(ours, server_config=clean_environment / "home" / ".tmux.conf")
    over = executor.start(make_launch(["/bin/sh", "-c", "exit 3"]))
    assert until(lambda: ended(executor, over)).exit_code == 3
    assert tmux(ours, "show-options", "-gv", "prefix") == "C-a"
    assert tmux(ours, "show-options", "-sv", "exit-empty") == "off"


def test_our_own_server_reads_nothing_of_the_person(make_launch: MakeWindow, socket: Path) -> None:
    ours = socket.with_name("ours")
    TmuxExecutor(ours).start(make_launch(["sleep", "600"]))
    assert tmux(ours, "show-options", "-gv", "prefix") == "C-b"
    assert os.environ["HOME"] in tmux(ours, "show-environment", "-g", "HOME")
