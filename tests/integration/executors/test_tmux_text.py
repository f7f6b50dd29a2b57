"""Text into a window and out of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from scopecraft.executors.tmux import TmuxExecutor
from scopecraft.model.handle import Alive
from tests.support.tmux import MakeWindow, python, tmux
from tests.support.wait import until

pytestmark = pytest.mark.tmux


def test_a_paste_arrives_whole_and_without_keys_of_its_own(
    executor: TmuxExecutor, make_launch: MakeWindow, shared: Path
) -> None:
    code = (
        "import os,sys,tty; tty.setraw(0); os.write(1,b'\\x1b[?2004h'); open('ready','w'); got=b''\n"
        "while not got.endswith(b'\\x1b[201~\\r'): got+=os.read(0,4096)\n"
        "open('got','wb').write(got); os.rename('got','done')"
    )
    handle = executor.start(make_launch(python(code)))
    until((shared / "ready").exists)
    until(lambda: "1" if executor.look(handle) == Alive() else "")
    text = "first line\r\n-second\tline; 日本 #{pane_id}\n" + "x" * 50_000
    executor.paste(handle, text.encode() + b"\x1b[201~\x03")
    executor.press(handle, "Enter")
    until((shared / "done").exists)
    pasted = text.replace("\r\n", "\r").replace("\n", "\r") + "[201~"
    assert (shared / "done").read_bytes() == b"\x1b[200~" + pasted.encode() + b"\x1b[201~\r"


def test_keys_reach_the_agent_while_a_person_scrolls(
    executor: TmuxExecutor, make_launch: MakeWindow, socket: Path, shared: Path
) -> None:
    handle = executor.start(make_launch(["/bin/sh", "-c", ': > ready; read answer; echo "$answer" > a; mv a done']))
    until((shared / "ready").exists)
    tmux(socket, "copy-mode", "-t", handle.pane_id)
    executor.paste(handle, b"yes")
    executor.press(handle, "Enter")
    until((shared / "done").exists)
    assert (shared / "done").read_text() == "yes\n"


def test_no_paste_is_left_in_a_buffer(executor: TmuxExecutor, make_launch: MakeWindow, socket: Path) -> None:
    handle = executor.start(make_launch(["sleep", "600"]))
    executor.paste(handle, b"secret")
    assert tmux(socket, "list-buffers") == ""


def test_the_screen_can_be_read_with_its_history(executor: TmuxExecutor, make_launch: MakeWindow) -> None:
    handle = executor.start(make_launch(["/bin/sh", "-c", "seq 1 300; sleep 600"]))
    until(lambda: executor.capture(handle, lines=1) == ("300",))
    assert executor.capture(handle, lines=100) == tuple(str(n) for n in range(201, 301))
