"""Removing and restoring die at any moment: nothing is lost, and doing it again goes on."""

from __future__ import annotations

import os
import random
import subprocess
from pathlib import Path

import pytest

from tests.support.command_line import PROGRAM, environment
from tests.support.missions import Desk, make_desk
from tests.support.played import kill_after, kill_when
from tests.support.repos import commit, git
from tests.support.trees import contents
from tests.support.wait import until

# relative to the folder that holds home and repository
REMOVAL_MOMENTS = (
    "shop/.git/objects/tmp_objdir-*",
    "shop/.git/objects/tmp_objdir-*/pack/*.idx",
    "shop/.git/refs/scopecraft/trash/*/work",
    "scopecraft/missions/trash/m-*/removal.json",
    "scopecraft/missions/trash/m-*/tree/.git",
    "scopecraft/missions/trash/m-*/kept/.env",
    "scopecraft/missions/trash/m-*/mission/mission.json",
)
RESTORE_MOMENTS = (
    "scopecraft/worktrees/shop/fix-login/.git",
    "scopecraft/worktrees/shop/fix-login/staged.txt",
    "scopecraft/worktrees/shop/fix-login/new/deep.txt",
    "scopecraft/worktrees/shop/fix-login/.env",
    "scopecraft/missions/active/m-*--fix-login/mission.json",
)


@pytest.fixture
def desk(clean_environment: Path) -> Desk:
    return make_desk(clean_environment)


def begin(desk: Desk, *arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*PROGRAM, *arguments],
        cwd=desk.folder,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def filled(desk: Desk) -> Path:
    """A task with something of everything; its worktree."""
    tree = Path(desk.mission("fix-login").worktree)
    commit(tree, ".gitignore", ".env\n")
    for name in ("staged.txt", "new/deep.txt", ".env", "file-0.txt", *(f"many/{number}" for number in range(200))):
        (tree / name).parent.mkdir(exist_ok=True)
        (tree / name).write_text(f"{name}\n")
    git(tree, "add", "staged.txt")
    (tree / "file-1.txt").unlink()
    git(tree, "init", "-q", "inner")
    commit(tree / "inner", "unpushed.txt")
    return tree


def state(tree: Path) -> tuple[object, ...]:
    status = git(tree, "status", "--porcelain", "--ignored", "--untracked-files=all")
    return (
        contents(tree),
        status,
        git(tree, "ls-files", "--stage"),
        git(tree, "rev-parse", "HEAD", "--symbolic-full-name"),
    )


def wait_quiet(desk: Desk) -> None:
    """Until the git of a command that was killed has ended: it holds on to the repository."""

    def is_quiet() -> bool:
        for process in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                words = process.read_bytes()
            except OSError:
                continue
            if words.startswith(b"git\0") and os.fsencode(desk.folder.parent) in words:
                return False
        return True

    until(is_quiet, 30)


def remove(desk: Desk) -> None:
    """Whatever came before; where the mission is in the trash already, that is what `sc rm` says."""
    wait_quiet(desk)
    said = desk.sc("rm", "fix-login", "--yes")
    assert said.code == 0 or "no mission" in said.err, said.err
    assert '"removed"' in next(desk.home.root.glob("missions/trash/m-*/removal.json")).read_text()


def restore(desk: Desk) -> None:
    wait_quiet(desk)
    said = desk.sc("restore", "fix-login")
    assert said.code == 0 or "nothing in the trash" in said.err, said.err


def check_tidy(desk: Desk) -> None:
    assert git(desk.folder, "for-each-ref", "refs/scopecraft") == ""
    assert [path.name for path in desk.home.root.glob("missions/trash/*")] == []
    assert git(desk.folder, "fsck", "--strict").count("error") == 0


@pytest.mark.parametrize("moment", REMOVAL_MOMENTS)
def test_a_removal_that_dies_at_a_known_moment_loses_nothing(desk: Desk, moment: str) -> None:
    tree = filled(desk)
    before = state(tree)
    assert kill_when(begin(desk, "rm", "fix-login", "--yes"), desk.folder.parent, moment)
    kill_when(begin(desk, "rm", "fix-login", "--yes"), desk.folder.parent, moment)
    remove(desk)
    assert not tree.exists()
    assert "fix-login" not in git(desk.folder, "worktree", "list")
    restore(desk)
    assert state(tree) == before
    check_tidy(desk)


@pytest.mark.parametrize("moment", RESTORE_MOMENTS)
def test_a_restore_that_dies_at_a_known_moment_is_gone_on_with(desk: Desk, moment: str) -> None:
    tree = filled(desk)
    before = state(tree)
    desk.done("rm", "fix-login", "--yes")
    assert kill_when(begin(desk, "restore", "fix-login"), desk.folder.parent, moment)
    wait_quiet(desk)
    kill_when(begin(desk, "restore", "fix-login"), desk.folder.parent, moment)
    restore(desk)
    assert state(tree) == before
    desk.done("trash")  # finishes what had nothing left to do but to tidy up
    check_tidy(desk)


def test_dying_at_any_moment_again_and_again_loses_nothing(desk: Desk) -> None:
    tree = filled(desk)
    before = state(tree)
    chance = random.Random("removal")
    for _ in range(6):
        for _ in range(2):
            kill_after(begin(desk, "rm", "fix-login", "--yes"), chance.uniform(0.2, 1.2))
        remove(desk)
        for _ in range(2):
            kill_after(begin(desk, "restore", "fix-login"), chance.uniform(0.2, 1.2))
            wait_quiet(desk)
        restore(desk)
        assert state(tree) == before
    desk.done("trash")
    check_tidy(desk)


def test_a_start_meets_a_half_removed_task_with_a_word(desk: Desk) -> None:
    filled(desk)
    assert kill_when(
        begin(desk, "rm", "fix-login", "--yes"), desk.folder.parent, "scopecraft/missions/trash/m-*/tree/.git"
    )
    said = desk.sc("run", "fix-login", "--agent", "plain", "--", "true")
    assert said.code == 3
    assert "the removal of fix-login was interrupted" in said.err
    assert "201 untracked" in desk.done("rm", "fix-login", "--dry-run").err
    desk.done("rm", "fix-login", "--yes")


def test_a_file_that_is_written_all_the_time_stops_the_removal(desk: Desk) -> None:
    tree = filled(desk)
    writer = subprocess.Popen(["sh", "-c", f"exec 3>'{tree}/new/deep.txt'; while :; do echo x >&3; done"], cwd="/")
    try:
        said = desk.sc("rm", "fix-login", "--yes")
    finally:
        writer.kill()
        writer.wait()
    assert said.code == 1
    assert "nothing was removed" in said.err
    assert tree.is_dir()
    check_tidy(desk)
    desk.done("rm", "fix-login", "--yes")
