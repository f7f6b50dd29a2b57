"""`sc rm` where something is in the way: a clear word, and everything as it was; then what was odd comes back, too."""

from __future__ import annotations

import json
import os
import pty
import subprocess
from pathlib import Path

import pytest

from tests.support.command_line import PROGRAM, environment
from tests.support.missions import Desk, make_desk
from tests.support.repos import commit, git
from tests.support.small_disk import fill, small_disk
from tests.support.tmux import end_servers
from tests.support.trees import contents
from tests.support.wait import until


@pytest.fixture
def desk(clean_environment: Path) -> Desk:
    return make_desk(clean_environment)


def everything(desk: Desk) -> tuple[object, ...]:
    refs = git(desk.folder, "for-each-ref"), git(desk.folder, "worktree", "list", "--porcelain")
    missions = contents(desk.home.missions_active.parent)
    missions = {name: content for name, content in missions.items() if not name.endswith("/lock")}
    return contents(desk.home.worktrees / "shop"), missions, refs


def refused(desk: Desk, *arguments: str) -> str:
    """What it says; nothing has changed."""
    before = everything(desk)
    said = desk.sc("rm", *arguments)
    assert said.code in (1, 3), said.err
    assert everything(desk) == before
    return said.err


def test_a_merge_under_way_is_named(desk: Desk) -> None:
    tree = Path(desk.mission("fix-login").worktree)
    git(tree, "switch", "-qc", "other")
    commit(tree, "file-0.txt", "theirs\n")
    git(tree, "switch", "-q", "feature/fix-login")
    commit(tree, "file-0.txt", "ours\n")
    git(tree, "merge", "other", check=False)
    said = refused(desk, "fix-login", "--yes")
    assert "a merge is under way" in said
    assert "merge --abort" in said


def test_a_worktree_that_somebody_locked_is_left_alone(desk: Desk) -> None:
    tree = desk.mission("fix-login").worktree
    git(desk.folder, "worktree", "unlock", tree)
    git(desk.folder, "worktree", "lock", "--reason", "on a \x1b[31mstick", tree)
    said = refused(desk, "fix-login", "--yes")
    assert "is locked: on a \\033[31mstick" in said


def test_a_pipe_that_git_would_wait_for_is_named(desk: Desk) -> None:
    tree = Path(desk.mission("fix-login").worktree)
    (tree / "deep").mkdir()
    os.mkfifo(tree / "deep" / ".gitignore")
    assert "deep/.gitignore: it is a pipe" in refused(desk, "fix-login", "--yes")


def test_another_disk_inside_is_not_wiped(desk: Desk) -> None:
    tree = Path(desk.mission("fix-login").worktree)
    commit(tree, ".gitignore", "ca che/\n")
    with small_disk(tree / "ca che") as disk:
        (disk / "theirs").write_text("theirs\n")
        said = refused(desk, "fix-login", "--yes", "--drop-ignored")
        assert "is mounted there, so nothing was removed" in said
        assert (disk / "theirs").exists()


def test_a_branch_that_is_locked_stops_the_removal_half_way_and_it_is_gone_on_with(desk: Desk) -> None:
    mission = desk.mission("fix-login")
    (Path(mission.worktree) / "new.txt").write_text("only here\n")
    lock = desk.folder / ".git" / "refs" / "heads" / "feature" / "fix-login.lock"
    lock.touch()
    said = desk.sc("rm", "fix-login", "--yes")
    assert (said.code, "remove that file" in said.err) == (1, True)
    said = desk.sc("restore", "fix-login")
    assert (said.code, "sc rm fix-login --yes" in said.err) == (3, True)
    assert "fix-login" in desk.done("trash").out
    lock.unlink()
    desk.done("rm", "fix-login", "--yes")
    assert "fix-login" not in git(desk.folder, "branch", "--list")
    desk.done("restore", "fix-login")
    assert (Path(mission.worktree) / "new.txt").read_text() == "only here\n"


def test_two_words_that_exclude_each_other_are_refused(desk: Desk) -> None:
    desk.mission("fix-login")
    assert desk.sc("rm", "fix-login", "--keep-ignored", "--drop-ignored").code == 2
    assert desk.sc("rm", "no-such-task", "--yes").code == 3
    assert desk.sc("rm").code == 2


@pytest.mark.tmux
def test_while_its_session_lives_a_task_is_not_removed(desk: Desk) -> None:
    try:
        desk.done("dispatch", "fix-login", "--agent", "plain", "--", "sh", "-c", "sleep 600")
        said = refused(desk, "fix-login", "--yes")
        assert "a session of fix-login is" in said and "sc stop fix-login" in said
        desk.done("stop", "fix-login", "--now")
        desk.done("rm", "fix-login", "--yes")
    finally:
        for folder in (desk.folder.parent / "run" / "scopecraft").iterdir():
            end_servers(folder)


def test_a_repository_that_was_moved_is_named(desk: Desk) -> None:
    desk.mission("fix-login")
    desk.folder.rename(desk.folder.with_name("elsewhere"))
    desk.folder.mkdir()
    said = desk.sc("rm", "fix-login", "--yes")
    assert (said.code, "is not at" in said.err) == (3, True)


def test_a_person_is_asked_and_may_say_no(desk: Desk) -> None:
    mission = desk.mission("fix-login")
    for answer, is_there in ((b"\r", True), (b"n\r", True), (b"y\r", False)):
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            [*PROGRAM, "rm", "fix-login"],
            cwd=desk.folder,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=environment(COLUMNS="80"),
        )
        os.close(theirs)
        seen = b""
        while b"[y/N]" not in seen:
            seen += os.read(ours, 4096)
        os.write(ours, answer)
        until(lambda p=process: p.poll() is not None, 60)  # type: ignore[misc]
        os.close(ours)
        assert Path(mission.worktree).is_dir() == is_there
        assert process.returncode == (1 if is_there else 0)


def test_a_branch_that_is_checked_out_elsewhere_too_stays(desk: Desk) -> None:
    mission = desk.mission("fix-login")
    git(Path(mission.worktree), "switch", "-q", "--detach")
    place = desk.folder.parent / "mine"
    git(desk.folder, "worktree", "add", "-q", str(place), "feature/fix-login")
    said = desk.done("rm", "fix-login", "--yes")
    assert f"the branch feature/fix-login stays: it is checked out in {place}" in said.err
    assert git(place, "rev-parse", "--abbrev-ref", "HEAD") == "feature/fix-login"


def test_a_private_git_directory_with_refused_commits_stays_with_its_session(desk: Desk) -> None:
    mission = desk.mission("fix-login")
    session = desk.session(mission)
    private = desk.home.sessions / session / "git" / "objects"
    private.mkdir(parents=True)
    (private / "commit").write_text("only here\n")
    desk.done("rm", "fix-login", "--yes")
    assert (private / "commit").read_text() == "only here\n"


def test_a_full_home_removes_nothing(clean_environment: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with small_disk(clean_environment / "disk") as disk:
        monkeypatch.setenv("SCOPECRAFT_HOME", str(disk / "home"))
        desk = make_desk(clean_environment)
        mission = desk.mission("fix-login")
        (Path(mission.worktree) / "new.txt").write_text("only here\n")
        desk.done("rm", "fix-login", "--dry-run")
        ballast = fill(disk)
        before = everything(desk)
        said = desk.sc("rm", "fix-login", "--yes")
        assert said.code == 1
        assert "the disk is full" in said.err
        assert everything(desk) == before
        ballast.unlink()
        desk.done("rm", "fix-login", "--yes")
        desk.done("restore", "fix-login")
        assert (Path(mission.worktree) / "new.txt").read_text() == "only here\n"


def test_a_disk_that_fills_up_at_any_point_loses_nothing(
    clean_environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with small_disk(clean_environment / "disk") as disk:
        monkeypatch.setenv("SCOPECRAFT_HOME", str(disk / "home"))
        desk = make_desk(clean_environment)
        mission = desk.mission("fix-login")
        tree = Path(mission.worktree)
        (tree / "new.txt").write_text("only here\n")
        before = contents(tree)
        for blocks in (1, 2, 3, 5, 8):
            ballast = fill(disk, but=blocks)
            desk.sc("rm", "fix-login", "--yes")
            ballast.unlink()
            said = desk.sc("rm", "fix-login", "--yes")
            assert said.code == 0 or "no mission" in said.err, said.err
            ballast = fill(disk, but=blocks)
            desk.sc("restore", "fix-login")
            ballast.unlink()
            said = desk.sc("restore", "fix-login")
            assert said.code == 0 or "nothing in the trash" in said.err, said.err
            assert contents(tree) == before


def test_json_says_what_was_done(desk: Desk) -> None:
    mission = desk.mission("fix-login")
    (row,) = json.loads(desk.done("rm", "fix-login", "--yes", "--json").out)
    assert (row["task"], row["mission_id"]) == ("fix-login", mission.id)
    row = json.loads(desk.done("restore", mission.id, "--json").out)
    assert row == {"task": "fix-login", "mission_id": mission.id, "worktree": mission.worktree}


def test_asking_for_a_removed_task_says_that_it_can_come_back(desk: Desk) -> None:
    desk.mission("fix-login")
    desk.done("rm", "fix-login", "--yes")
    for words in (("path", "fix-login"), ("show", "fix-login"), ("rm", "fix-login", "--yes")):
        assert "sc restore fix-login" in desk.sc(*words).err


def test_the_journal_tells_of_both(desk: Desk) -> None:
    from scopecraft.state.store import Store

    mission = desk.mission("fix-login")
    tip = commit(Path(mission.worktree), "done.txt")
    desk.done("rm", "fix-login", "--yes")
    desk.done("restore", "fix-login")
    with Store.open(desk.home.root) as store:
        events = store.events(mission_id=mission.id)
    assert [event.kind for event in events] == ["mission_removed", "mission_restored"]
    assert (events[0].data["tip"], events[0].data["commits"]) == (tip, 1)
