"""What tmux's words mean for a handle: decided without tmux."""

from __future__ import annotations

import pytest

from scopecraft.executors.tmux_client import clean_environment, is_not_running, parse_version
from scopecraft.executors.tmux_look import PaneState, judge, judge_silence, parse_panes
from scopecraft.model.handle import Alive, Exited, Gone, Unknown, WindowHandle

HANDLE = WindowHandle("/run/s", "$0", "@1", "%2", 300, 5000)


def pane(fields: str) -> PaneState:
    return parse_panes(fields)["%2"]


@pytest.mark.parametrize(
    ("line", "started", "look"),
    [
        ("3.3a|9|%2|300|0|||", 5000, Alive()),
        ("3.3a|9|%2|300|1|3||1700000000", None, Exited(3, finished_at="2023-11-14T22:13:20.000Z")),
        ("3.3a|9|%2|300|1||9|1700000000", None, Exited(137, finished_at="2023-11-14T22:13:20.000Z")),
        # the screen is closed, the code still to come
        ("3.3a|9|%2|300|1|||", None, Alive()),
        ("next-3.6|9|%2|300|1|||", None, Alive()),
        # tmux before 3.3 never tells the signal
        ("3.2a|9|%2|300|1|||", None, Exited(None)),
        ("3.2a|9|%2|300|1|3||", None, Exited(3)),
        # a child keeps the terminal open; nobody has the pid any more, or somebody else has
        ("3.3a|9|%2|300|0|4||", None, Exited(4)),
        ("3.3a|9|%2|300|0|4||", 9999, Exited(4)),
    ],
)
def test_a_pane_of_ours(line: str, started: int | None, look: object) -> None:
    assert judge(HANDLE, pane(line), started) == look


@pytest.mark.parametrize(("line", "started"), [("3.3a|9|%2|301|0|||", 5000), ("3.3a|9|%2|300|0|||", 5001)])
def test_a_pane_of_somebody_else(line: str, started: int) -> None:
    assert isinstance(judge(HANDLE, pane(line), started), Gone)


def test_a_pane_that_is_not_listed_is_gone() -> None:
    assert isinstance(judge(HANDLE, None, 5000), Gone)


def test_lines_that_are_none_of_ours_are_passed_over() -> None:
    assert parse_panes("\nhello\n3.3a|x|%1|y|0|||\n3.3a|9|%2|300|0|||\n").keys() == {"%2"}


REFUSED = "no server running on /run/s"
ABSENT = "error connecting to /run/s (No such file or directory)"


@pytest.mark.parametrize(
    ("complaint", "started", "kind"),
    [
        (REFUSED, None, Gone),
        (REFUSED, 5000, Gone),
        (ABSENT, None, Gone),
        (ABSENT, 5001, Gone),
        (ABSENT, 5000, Unknown),  # somebody removed the socket; the agent lives
        ("error connecting to /run/s (Permission denied)", None, Unknown),
        ("protocol version mismatch (client 8, server 7)", None, Unknown),
        ("tmux did not answer in time", None, Unknown),
        ("server exited unexpectedly", None, Unknown),
        ("", None, Unknown),
    ],
)
def test_only_an_unused_socket_proves_that_the_server_is_gone(complaint: str, started: int | None, kind: type) -> None:
    look = judge_silence(HANDLE, complaint, started)
    assert isinstance(look, kind)
    assert look.why  # type: ignore[union-attr]


def test_not_running_is_told_from_not_allowed() -> None:
    assert is_not_running(REFUSED)
    assert is_not_running(ABSENT)
    assert not is_not_running("error connecting to /run/s (Permission denied)")


@pytest.mark.parametrize(
    ("text", "version"), [("tmux 3.3a", (3, 3)), ("tmux next-3.4", (3, 4)), ("tmux 2.9", (2, 9)), ("tmux master", None)]
)
def test_versions_as_tmux_writes_them(text: str, version: tuple[int, int] | None) -> None:
    assert parse_version(text) == version


def test_a_server_learns_nothing_secret() -> None:
    kept = {"PATH": "/bin", "HOME": "/root", "LC_ALL": "C", "XDG_RUNTIME_DIR": "/run"}
    assert clean_environment({**kept, "AWS_SECRET": "x", "TMUX": "y", "MY_PATH": "z", "PATH_X": "z"}) == kept
