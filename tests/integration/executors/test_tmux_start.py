"""Starting windows: where, under which name, once, and what is said when it fails."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from scopecraft.errors import AlreadyRunning, StartFailed, TmuxFailed, TmuxMissing
from scopecraft.executors.tmux import TmuxExecutor
from scopecraft.executors.tmux_client import check_version
from scopecraft.executors.tmux_look import look_at_windows
from scopecraft.model.handle import Alive, Unknown, WindowHandle
from tests.support.tmux import MakeWindow, server_pid, stopped, tmux
from tests.support.wait import until

pytestmark = pytest.mark.tmux


def test_an_agent_that_dies_at_once_is_reported_with_code_and_last_lines(
    executor: TmuxExecutor, make_launch: MakeWindow
) -> None:
    began = time.monotonic()
    handle = executor.start(make_launch(["/bin/sh", "-c", "echo first; echo 'no key found' >&2; exit 3"]))
    death = executor.early_death(handle)
    assert time.monotonic() - began < 2
    assert death is not None
    assert (death.exit_code, death.last_lines) == (3, ("first", "no key found"))
    assert death.finished_at is not None


def test_a_program_that_is_not_there_is_reported(executor: TmuxExecutor, make_launch: MakeWindow) -> None:
    death = executor.early_death(executor.start(make_launch(["no-such-agent"])))
    assert death is not None
    assert death.exit_code == 127
    assert "not found" in death.last_lines[-1]


def test_an_agent_that_lives_is_not_reported_as_dead(executor: TmuxExecutor, make_launch: MakeWindow) -> None:
    assert executor.early_death(executor.start(make_launch(["sleep", "600"])), seconds=0.3) is None


def test_the_window_is_the_agent_itself(executor: TmuxExecutor, make_launch: MakeWindow) -> None:
    handle = executor.start(make_launch(["sleep", "600"]))
    command = Path(f"/proc/{handle.pane_pid}/cmdline")
    until(lambda: command.read_bytes() == b"sleep\x00600\x00", 2)
    assert handle.pane_started > 0


@pytest.mark.parametrize("folder", ["with space", "ünï-код-目录", 'it\'s "quoted" $HOME `id` #{pane_id} ;', "-dash"])
def test_the_agent_starts_in_the_worktree_whatever_its_name(
    executor: TmuxExecutor, make_launch: MakeWindow, tmp_path: Path, folder: str
) -> None:
    worktree = tmp_path / folder
    worktree.mkdir()
    executor.start(make_launch(["/bin/sh", "-c", "pwd > done; mv done where"], cwd=str(worktree)))
    until((worktree / "where").exists)
    assert (worktree / "where").read_text() == f"{worktree}\n"


def test_a_session_folder_with_a_hostile_path_works(
    executor: TmuxExecutor, make_launch: MakeWindow, shared: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "a 'b' #(touch x) $HOME ;" / "launch"
    executor.start(make_launch(["/bin/sh", "-c", ": > ran"], folder=folder))
    until((shared / "ran").exists)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a.b", "a.b"),
        ("a:b", "a:b"),
        ("-x", "-x"),
        ("x;", "x"),
        ("", "agent"),
        ("修复-логин-05A-dispatch", "修复-логин-05A-dispatch"),
        ("n" * 300, "n" * 99 + "…"),
        ("bell\a\x1b]52;c;eA==\x07\nline", "bell_x07_x1b]52;c;eA==_x07 line"),
        ("#(touch pwned)#{pane_pid}#[fg=red] 100%H", "_(touch pwned)_{pane_pid}_[fg=red] 100%H"),
    ],
)
def test_any_task_name_makes_a_window_of_that_name(
    executor: TmuxExecutor, make_launch: MakeWindow, socket: Path, tmp_path: Path, name: str, shown: str
) -> None:
    executor.start(make_launch(["sleep", "600"]))
    handle = executor.start(make_launch(["sleep", "600"], name=name))
    assert executor.look(handle) == Alive()
    assert tmux(socket, "display-message", "-p", "-t", handle.window_id, "#{window_name}") == shown
    assert not list(tmp_path.rglob("pwned"))


def test_an_agent_cannot_rename_its_window(
    executor: TmuxExecutor, make_launch: MakeWindow, socket: Path, shared: Path
) -> None:
    handle = executor.start(make_launch(["/bin/sh", "-c", "printf '\\033kevil\\033\\\\said'; exec sleep 600"]))
    until(lambda: executor.capture(handle, lines=1) == ("said",))
    assert tmux(socket, "display-message", "-p", "-t", handle.window_id, "#{window_name}") == "fix-login-dispatch"


def test_a_working_directory_that_is_not_there_is_refused_and_leaves_nothing(
    executor: TmuxExecutor, make_launch: MakeWindow, tmp_path: Path
) -> None:
    launch = make_launch(["true"], cwd=str(tmp_path / "nowhere"))
    with pytest.raises(StartFailed, match="nowhere"):
        executor.start(launch)
    assert not launch.folder.exists()


def test_a_failed_start_leaves_no_secret_and_can_be_told_apart(make_launch: MakeWindow, tmp_path: Path) -> None:
    launch = make_launch(["true"])
    with pytest.raises(TmuxFailed):
        TmuxExecutor(tmp_path / "no-such-folder" / "s").start(launch)
    assert list(launch.folder.iterdir()) == []


def test_a_socket_path_that_is_too_long_is_named(make_launch: MakeWindow, tmp_path: Path) -> None:
    with pytest.raises(TmuxFailed, match="too long"):
        TmuxExecutor(tmp_path / ("x" * 120)).start(make_launch(["true"]))


def test_a_start_that_a_hanging_server_serves_too_late_runs_nothing(
    executor: TmuxExecutor, make_launch: MakeWindow, socket: Path, shared: Path
) -> None:
    executor.start(make_launch(["sleep", "600"]))
    impatient = TmuxExecutor(socket, answer_seconds=0.5)
    with stopped(server_pid(socket)), pytest.raises(TmuxFailed, match="did not answer"):
        impatient.start(make_launch(["/bin/sh", "-c", ": > ran"]))
    tmux(socket, "list-windows")
    assert not (shared / "ran").exists()


def test_two_starts_of_one_session_at_once_make_one_window(
    executor: TmuxExecutor, make_launch: MakeWindow, shared: Path, socket: Path
) -> None:
    launch = make_launch(["/bin/sh", "-c", "echo x >> starts; sleep 600"])

    def start() -> bool:
        try:
            executor.start(launch)
        except AlreadyRunning:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(lambda _: start(), range(8))) == 1
    until(lambda: (shared / "starts").exists() and (shared / "starts").read_text())
    assert (shared / "starts").read_text() == "x\n"
    assert len(tmux(socket, "list-panes", "-a").splitlines()) == 1


def test_the_first_windows_of_a_home_may_all_be_started_at_once(socket: Path, make_launch: MakeWindow) -> None:
    launches = [make_launch(["sleep", "600"]) for _ in range(10)]
    with ThreadPoolExecutor(10) as pool:
        handles = list(pool.map(lambda launch: TmuxExecutor(socket).start(launch), launches))
    assert set(look_at_windows(handles).values()) == {Alive()}
    assert len({handle.pane_id for handle in handles}) == 10


def test_tmux_missing_is_said_with_a_hint(
    executor: TmuxExecutor, make_launch: MakeWindow, monkeypatch: pytest.MonkeyPatch, absent: WindowHandle
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    launch = make_launch(["true"])
    with pytest.raises(TmuxMissing) as caught:
        executor.start(launch)
    assert "install" in caught.value.hint
    assert isinstance(executor.look(absent), Unknown)


def test_an_old_tmux_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tmux").write_text("#!/bin/sh\necho tmux 2.9a\n")
    (tmp_path / "tmux").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(TmuxMissing, match=r"2\.9a"):
        check_version()
