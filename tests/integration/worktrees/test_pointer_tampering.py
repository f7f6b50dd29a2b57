from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from scopecraft.errors import UnsafeTree
from scopecraft.worktrees.checkout import state_of, worktree_git
from scopecraft.worktrees.pointer import check_pointer, read_pointer, verify_pointer
from scopecraft.worktrees.repository import Repository, open_repository, resolve_base
from scopecraft.worktrees.worktree import Created, CreateRequest, create
from tests.support.repos import git, make_repository


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    return open_repository(make_repository(tmp_path / "project"))


@pytest.fixture
def made(repo: Repository, tmp_path: Path) -> Created:
    request = CreateRequest(tmp_path / "tree", "feature/x", resolve_base(repo, None).commit, "test")
    return create(repo, request)


def to_own_repository(path: Path) -> None:
    pointer = path / ".git"
    pointer.unlink()
    git(path, "init", "--quiet")
    git(path, "config", "core.fsmonitor", f"touch {path.parent}/ran; false")


def to_symlink(path: Path) -> None:
    (path / ".git").rename(path / "kept")
    (path / ".git").symlink_to("kept")


def to_other_pointer(path: Path) -> None:
    git(path.parent, "init", "--quiet", str(path.parent / "evil"))
    git(path.parent / "evil", "config", "core.fsmonitor", f"touch {path.parent}/ran; false")
    (path / ".git").write_text(f"gitdir: {path.parent / 'evil' / '.git'}\n")


def to_fifo(path: Path) -> None:
    (path / ".git").unlink()
    os.mkfifo(path / ".git")


def to_huge_file(path: Path) -> None:
    with (path / ".git").open("ab") as file:
        file.truncate(10 * 1024**3)


def to_nothing(path: Path) -> None:
    (path / ".git").unlink()


def to_other_folder(path: Path) -> None:
    path.rename(path.parent / "away")
    path.symlink_to("away")


@pytest.mark.parametrize(
    "tamper",
    [to_own_repository, to_symlink, to_other_pointer, to_fifo, to_huge_file, to_nothing, to_other_folder],
)
def test_git_on_the_host_stops_at_a_pointer_that_is_not_the_hosts(
    repo: Repository, made: Created, tamper: object
) -> None:
    earlier = worktree_git(made.path, made.pointer)
    assert earlier.text("status", "--porcelain") == ""
    assert callable(tamper)
    tamper(made.path)
    with pytest.raises(UnsafeTree):
        earlier.run("status")
    with pytest.raises(UnsafeTree):
        worktree_git(made.path, made.pointer)
    with pytest.raises(UnsafeTree):
        state_of(made.path, made.pointer)
    if tamper is not to_other_folder:  # one who moved their worktree and left a link may register it anew
        with pytest.raises(UnsafeTree):
            verify_pointer(made.path, repo.common_dir)
    assert not (made.path.parent / "ran").exists()


def test_a_pointer_to_another_worktree_of_the_same_repository(repo: Repository, made: Created, tmp_path: Path) -> None:
    other = create(repo, CreateRequest(tmp_path / "other", "feature/y", made.head, "test"))
    shutil.copy(other.path / ".git", made.path / ".git")
    with pytest.raises(UnsafeTree, match="rewritten"):
        check_pointer(made.path, made.pointer)
    with pytest.raises(UnsafeTree, match="another worktree"):
        verify_pointer(made.path, repo.common_dir)


def test_an_untouched_pointer_passes(repo: Repository, made: Created) -> None:
    assert read_pointer(made.path) == verify_pointer(made.path, repo.common_dir) == made.pointer
    assert made.pointer == f"gitdir: {repo.common_dir}/worktrees/tree\n".encode()


def test_a_deleted_worktree_says_so(made: Created) -> None:
    shutil.rmtree(made.path)
    with pytest.raises(UnsafeTree) as told:
        worktree_git(made.path, made.pointer)
    assert "deleted" in told.value.hint


def test_even_between_check_and_call_git_does_not_read_the_pointer(repo: Repository, made: Created) -> None:
    git_there = worktree_git(made.path, made.pointer)
    assert git_there.git_dir == repo.common_dir / "worktrees" / "tree"
    assert git_there.work_tree == made.path
