"""The command by which a browser sees a window."""

from __future__ import annotations

import shutil

import pytest

from scopecraft.executors.window_viewer import viewer_command
from scopecraft.model.handle import WindowHandle

WINDOW = WindowHandle("/run/sc/tmux", "$1", "@2", "%3", 4711, 99)


@pytest.fixture(autouse=True)
def _tmux() -> None:
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed")


def parts(*, writes: bool) -> list[str]:
    return " ".join(viewer_command(WINDOW, "viewer-1", writes=writes)).split(" ; ")


def test_who_looks_on_is_deaf_and_has_no_say_in_the_size() -> None:
    assert "attach-session -t =viewer-1 -f read-only,ignore-size" in parts(writes=False)
    assert "set-option -t =viewer-1: mouse off" in parts(writes=False)


def test_who_writes_has_all_keys_for_the_agent() -> None:
    assert "attach-session -t =viewer-1" in parts(writes=True)
    assert {"set-option -t =viewer-1: prefix None", "set-option -t =viewer-1: prefix2 None"} <= set(parts(writes=True))


def test_no_server_is_started_and_nothing_is_made_for_a_window_that_is_gone() -> None:
    first = parts(writes=True)[0].split()
    assert "-N" in first
    assert first[-3:] == ["has-session", "-t", "@2"]
