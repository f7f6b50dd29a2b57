"""The command line that brings a person to a window."""

from __future__ import annotations

from pathlib import Path

from scopecraft.executors.viewer_session import MARK
from scopecraft.executors.window_attach import attach_command
from scopecraft.model.handle import WindowHandle

HANDLE = WindowHandle("/run/s", "$0", "@7", "%9", 300, 5000)


def command(inside_tmux: str | None, name: str = "fix; #(id)") -> list[str]:
    return attach_command(HANDLE, inside_tmux=inside_tmux, viewer="viewer-1", window_name=name)


def test_from_a_terminal_the_viewer_gets_a_session_of_his_own() -> None:
    words = " ".join(command(None)[1:])
    assert words.startswith("-N -S /run/s run-shell -C ")
    assert words.endswith(
        f" ; new-session -t $0 ; set-option destroy-unattached off ; set-option {MARK} 1 ; select-window -t :@7"
    )


def test_nobody_leaves_by_destroy_unattached_which_takes_the_server_along() -> None:
    for inside_tmux in (None, "/tmp/other,1,0", "/run/s,1,0"):
        assert "destroy-unattached on" not in " ".join(command(inside_tmux))


def test_from_another_tmux_its_own_server_opens_a_window_and_keeps_the_inner_command_whole() -> None:
    words = command("/tmp/tmux-0/default,123,0")
    assert words[1:6] == ["-S", "/tmp/tmux-0/default", "new-window", "-n", "fix; _(id)"]
    assert words[6:11] == ["env", "-u", "TMUX", "-u", "TMUX_PANE"]
    inner = command(None)[1:]
    assert words[12:][: len(inner)] == ["\\;" if word == ";" else word for word in inner]


def test_a_nested_view_says_that_the_prefix_may_be_needed_twice() -> None:
    words = command("/tmp/tmux-0/default,123,0")
    assert words[-3:-1] == ["set-option", "status-right"]
    assert "twice" in words[-1]


def test_a_socket_path_with_commas_is_understood() -> None:
    assert command("/tmp/a,b,123,0")[2] == "/tmp/a,b"


def test_from_our_own_server_the_view_changes(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/run")
    for socket in ("/run/s", str(tmp_path / "link" / "s")):
        assert "switch-client -t '=viewer-1'" in command(f"{socket},123,0")[-1]
