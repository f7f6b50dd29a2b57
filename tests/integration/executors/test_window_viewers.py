"""A window in a terminal of ours: who looks on changes nothing, who writes reaches this window and no other."""

from __future__ import annotations

import os
import select
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from scopecraft.errors import TmuxFailed
from scopecraft.executors.pty_client import PtyClient, Size
from scopecraft.executors.tmux import TmuxExecutor
from scopecraft.executors.viewer_session import MARK
from scopecraft.executors.window_viewer import (
    PREFIX,
    TERMINAL,
    WindowViewer,
    scroll_to_end,
    viewer_command,
    window_size,
)
from scopecraft.model.handle import Alive, Gone, WindowHandle
from tests.support.tmux import MakeWindow, terminal, tmux
from tests.support.wait import until

pytestmark = pytest.mark.tmux


class Shown:
    def __init__(self, client: PtyClient) -> None:
        self.client = client
        self.screen = b""

    def until(self, text: bytes) -> None:
        until(lambda: self.read() or text in self.screen, what=f"{text!r} in {self.screen[-300:]!r}")

    def read(self) -> None:
        while select.select([self.client], [], [], 0)[0] and (part := self.client.read()):
            self.screen += part

    def has_ended(self) -> bool:
        return bool(select.select([self.client], [], [], 0)[0]) and self.client.read() == b""


@contextmanager
def viewer(handle: WindowHandle, *, writes: bool, size: Size | None = None) -> Iterator[Shown]:
    client = WindowViewer(handle, size or window_size(handle), writes=writes)
    try:
        yield Shown(client)
    finally:
        client.close()


def agent(word: str) -> list[str]:
    """Says its word, what it is told, and its size when that changes."""
    script = f"trap 'stty size' WINCH; stty -echo; echo {word}; while :; do read line && echo $line-$line; done"
    return ["/bin/sh", "-c", script]


@pytest.fixture
def two(executor: TmuxExecutor, make_launch: MakeWindow) -> tuple[WindowHandle, WindowHandle]:
    return executor.start(make_launch(agent("apple"))), executor.start(make_launch(agent("berry")))


def test_who_looks_on_sees_the_window_and_no_key_reaches_it(
    executor: TmuxExecutor, two: tuple[WindowHandle, WindowHandle]
) -> None:
    with viewer(two[1], writes=False) as shown:
        shown.until(b"berry")
        shown.client.write(b"secret\r\x02:kill-server\r")
        executor.paste(two[1], b"said")
        executor.press(two[1], "Enter")
        shown.until(b"said-said")
        assert b"secret" not in shown.screen
    assert window_size(two[1]) == Size(200, 50)


def test_who_writes_decides_the_size_and_all_others_hear_of_it(two: tuple[WindowHandle, WindowHandle]) -> None:
    with viewer(two[1], writes=False) as onlooker:
        onlooker.until(b"]0;200x50 0\x07")
        with viewer(two[1], writes=True, size=Size(90, 30)) as writer:
            writer.until(b"berry")
            writer.client.write("grüße\r".encode())
            writer.until("grüße-grüße".encode())
            writer.client.resize(Size(100, 40))
            writer.until(b"40 100")
            onlooker.until(b"]0;100x40 0\x07")
            onlooker.client.resize(Size(100, 40))  # as it was told: then nothing changes when the writer leaves
    assert window_size(two[1]) == Size(100, 40)


def test_the_window_of_a_person_keeps_its_size_whoever_looks_on(
    executor: TmuxExecutor, two: tuple[WindowHandle, WindowHandle]
) -> None:
    with terminal(executor.attach_command(two[0], inside_tmux=None)) as person:
        until(lambda: b"apple" in person.screen)
        before = window_size(two[0])
        with viewer(two[0], writes=False, size=Size(20, 10)) as shown:
            shown.until(b"apple")
            assert window_size(two[0]) == before


def test_when_the_window_is_closed_the_viewer_ends_and_sees_no_other(
    executor: TmuxExecutor, two: tuple[WindowHandle, WindowHandle], socket: Path
) -> None:
    with viewer(two[1], writes=True, size=Size(90, 30)) as shown:
        shown.until(b"berry")
        tmux(socket, "set-option", "-g", "detach-on-destroy", "off")  # as a person's own server may have it
        executor.stop(two[1], grace_seconds=1)
        shown.until(b"the agent has ended")
        executor.forget(two[1])
        until(lambda: shown.read() or shown.has_ended())
        assert b"apple" not in shown.screen
    assert tmux(socket, "list-sessions", "-F", "#{session_name}") == "scopecraft"


def test_the_prefix_and_the_keys_of_the_person_are_the_agents(
    executor: TmuxExecutor, make_launch: MakeWindow, socket: Path
) -> None:
    handle = executor.start(make_launch(["/bin/sh", "-c", "stty raw -echo; echo go; cat -v"]))
    tmux(socket, "bind-key", "-n", "M-n", "new-window")
    with viewer(handle, writes=True, size=Size(90, 30)) as shown:
        shown.until(b"go")
        shown.client.write(b"\x02c\x1bn.")
        shown.until(b"^Bc")
        shown.until(b"^[n.")
    assert len(tmux(socket, "list-windows", "-t", "scopecraft").splitlines()) == 1


def test_the_wheel_scrolls_back_and_leaving_brings_the_end_again(
    executor: TmuxExecutor, make_launch: MakeWindow, socket: Path
) -> None:
    handle = executor.start(make_launch(["/bin/sh", "-c", "seq 1000; echo done; read line"]))
    with viewer(handle, writes=True, size=Size(80, 24)) as shown:
        shown.until(b"done")
        shown.client.write(b"\x1b[<64;5;5M" * 3)
        shown.until(b"]0;80x24 1\x07")
        scroll_to_end(handle)
        shown.screen = b""
        shown.until(b"]0;80x24 0\x07")


def sessions_of_tmux(socket: Path) -> list[str]:
    return tmux(socket, "list-sessions", "-F", "#{session_name}").splitlines()


def test_a_viewer_that_is_sent_away_leaves_nothing_and_the_agents_go_on(
    executor: TmuxExecutor, two: tuple[WindowHandle, WindowHandle], socket: Path
) -> None:
    for number in range(12):  # while `destroy-unattached` was on, about one of five crashed tmux 3.3a
        with viewer(two[1], writes=number % 2 == 0, size=Size(90, 30)) as shown:
            shown.until(b"berry")
            tmux(socket, "detach-client", "-t", tmux(socket, "list-clients", "-F", "#{client_name}"))
            until(lambda: shown.read() or shown.has_ended())
        assert sessions_of_tmux(socket) == ["scopecraft"]
    assert executor.look(two[1]) == Alive()


def test_what_a_killed_owner_left_is_ended_by_the_next_viewer(
    executor: TmuxExecutor, two: tuple[WindowHandle, WindowHandle], socket: Path
) -> None:
    tmux(socket, "new-session", "-d", "-s", "left", "sleep", "600", ";", "set-option", "-t", "=left:", MARK, "1")
    tmux(socket, "new-session", "-d", "-s", f"{PREFIX}docs", "sleep", "600")  # of a person
    with viewer(two[1], writes=False) as one, viewer(two[1], writes=False) as other:
        assert [handle for _, handle in executor.all_of()] == [*two], "found where they are at home"
        one.until(b"berry")
        other.until(b"berry")
        assert "left" not in sessions_of_tmux(socket)
        assert len(sessions_of_tmux(socket)) == 4
    assert sessions_of_tmux(socket) == ["scopecraft", f"{PREFIX}docs"]


def test_a_killed_owner_leaves_nothing(two: tuple[WindowHandle, WindowHandle], socket: Path) -> None:
    client = PtyClient(viewer_command(two[1], "viewer-1", writes=True), os.environ | {"TERM": TERMINAL}, Size(80, 24))
    Shown(client).until(b"berry")
    assert "viewer-1" in sessions_of_tmux(socket)
    client.close()
    until(lambda: sessions_of_tmux(socket) == ["scopecraft"])


def test_a_window_that_is_gone_shows_nothing_and_leaves_nothing(
    executor: TmuxExecutor, two: tuple[WindowHandle, WindowHandle], socket: Path
) -> None:
    executor.stop(two[1], grace_seconds=0)
    executor.forget(two[1])
    with pytest.raises(TmuxFailed, match="the window was closed"):
        window_size(two[1])
    with viewer(two[1], writes=True, size=Size(90, 30)) as shown:
        shown.until(b"can't find window")
    assert tmux(socket, "list-sessions", "-F", "#{session_name}") == "scopecraft"


def test_a_server_that_is_gone_is_not_started(
    executor: TmuxExecutor, two: tuple[WindowHandle, WindowHandle], socket: Path
) -> None:
    tmux(socket, "kill-server")
    with pytest.raises(TmuxFailed):
        WindowViewer(two[1], Size(90, 30), writes=True)
    with pytest.raises(TmuxFailed):
        window_size(two[1])
    assert isinstance(executor.look(two[1]), Gone)


def test_one_who_does_not_read_keeps_nobody_waiting(
    executor: TmuxExecutor, make_launch: MakeWindow, tmp_path: Path
) -> None:
    done = tmp_path / "done"
    handle = executor.start(make_launch(["/bin/sh", "-c", f"read line; seq 300000; touch {done}; read line"]))
    with (
        viewer(handle, writes=False),
        viewer(handle, writes=True, size=Size(80, 24)) as reader,
    ):
        started = time.monotonic()
        reader.client.write(b"\r")
        until(lambda: reader.read() or done.exists(), 30)
        reader.until(b"300000")
        assert time.monotonic() - started < 20
