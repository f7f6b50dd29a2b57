"""A worktree that a person made: which may carry a mission, and why not."""

from __future__ import annotations

from pathlib import Path

import pytest

from scopecraft.errors import BranchBusy, NotFound, RepositoryRefused, UnsafeTree
from scopecraft.worktrees.adoption import adoptable
from scopecraft.worktrees.lookup import Found
from scopecraft.worktrees.repository import Repository, open_repository
from tests.support.repos import git, make_repository


@pytest.fixture
def shop(clean_environment: Path) -> Path:
    return make_repository(clean_environment / "shop")


@pytest.fixture
def repo(shop: Path) -> Repository:
    return open_repository(shop)


@pytest.fixture
def tree(shop: Path, clean_environment: Path) -> Path:
    git(shop, "worktree", "add", "--quiet", "-b", "mine", str(clean_environment / "tree"))
    return clean_environment / "tree"


def test_an_ordinary_one_may(shop: Path, repo: Repository, tree: Path) -> None:
    assert adoptable(repo, tree) == Found("mine", git(shop, "rev-parse", "main"), tree)


def test_the_main_checkout_may_not(shop: Path, repo: Repository) -> None:
    git(shop, "switch", "--quiet", "--create", "other")
    with pytest.raises(BranchBusy, match="is the main checkout"):
        adoptable(repo, shop)


def test_one_with_a_main_branch_may_not(shop: Path, repo: Repository, clean_environment: Path) -> None:
    git(shop, "worktree", "add", "--quiet", "-b", "master", str(clean_environment / "tree"))
    with pytest.raises(BranchBusy, match="has the main branch master checked out"):
        adoptable(repo, clean_environment / "tree")


def test_one_without_a_branch_may_not(repo: Repository, tree: Path) -> None:
    git(tree, "switch", "--quiet", "--detach")
    with pytest.raises(BranchBusy, match="no branch is checked out"):
        adoptable(repo, tree)
    git(tree, "switch", "--quiet", "--orphan", "new")
    with pytest.raises(BranchBusy, match="no branch is checked out"):
        adoptable(repo, tree)


def test_a_locked_one_may_not(shop: Path, repo: Repository, tree: Path) -> None:
    git(shop, "worktree", "lock", "--reason", "on a stick", str(tree))
    with pytest.raises(BranchBusy, match=r"is locked \(on a stick\)") as error:
        adoptable(repo, tree)
    assert error.value.hint.endswith(f"git worktree unlock {tree}")
    git(shop, "worktree", "unlock", str(tree))
    git(shop, "worktree", "lock", "--reason", "scopecraft mission x", str(tree))
    with pytest.raises(BranchBusy, match="belongs to another mission"):
        adoptable(repo, tree)


def test_one_in_the_middle_of_a_merge_may_not(shop: Path, repo: Repository, tree: Path) -> None:
    (tree / "file-0.txt").write_text("mine\n")
    git(tree, "commit", "--quiet", "--all", "--message=mine")
    (shop / "file-0.txt").write_text("theirs\n")
    git(shop, "commit", "--quiet", "--all", "--message=theirs")
    git(tree, "merge", "--quiet", "main", check=False)
    with pytest.raises(RepositoryRefused, match="a merge is under way"):
        adoptable(repo, tree)


def test_a_folder_inside_or_beside_is_none(repo: Repository, tree: Path, clean_environment: Path) -> None:
    (tree / "inner").mkdir()
    with pytest.raises(NotFound, match="not the top") as error:
        adoptable(repo, tree / "inner")
    assert error.value.hint == f"name {tree}"
    with pytest.raises(NotFound, match="git knows no worktree"):
        adoptable(repo, clean_environment)


def test_one_whose_pointer_was_rewritten_may_not(repo: Repository, tree: Path, clean_environment: Path) -> None:
    (tree / ".git").write_text(f"gitdir: {clean_environment}/evil\n")
    with pytest.raises(UnsafeTree):
        adoptable(repo, tree)
