"""An existing branch that is named: local, of a remote, of several, of none; and where it parted from main."""

from __future__ import annotations

from pathlib import Path

import pytest

from scopecraft.errors import Ambiguous, BranchBusy, NotFound
from scopecraft.worktrees.branches import Picked, free_branch, make_branch, parted_from_main, pick_branch
from scopecraft.worktrees.repository import Repository, open_repository
from tests.support.repos import bare_copy, commit, git, make_repository


@pytest.fixture
def shop(clean_environment: Path) -> Path:
    """A repository with a remote that has a branch which is not here."""
    folder = make_repository(clean_environment / "shop")
    git(folder, "switch", "--quiet", "--create", "far")
    commit(folder, "far.txt")
    git(folder, "switch", "--quiet", "main")
    remote = bare_copy(folder, clean_environment / "hub.git")
    git(folder, "branch", "--quiet", "-D", "far")
    git(folder, "remote", "add", "origin", str(remote))
    git(folder, "fetch", "--quiet", "origin")
    return folder


@pytest.fixture
def repo(shop: Path) -> Repository:
    return open_repository(shop)


def test_a_local_branch_is_taken_by_any_of_its_names(shop: Path, repo: Repository) -> None:
    git(shop, "branch", "fix/login")
    tip = git(shop, "rev-parse", "fix/login")
    assert pick_branch(repo, "fix/login") == Picked("fix/login", tip)
    assert pick_branch(repo, "refs/heads/fix/login") == Picked("fix/login", tip)


@pytest.mark.parametrize("wanted", ["far", "origin/far", "refs/remotes/origin/far"])
def test_a_branch_of_a_remote_is_to_be_made_here(shop: Path, repo: Repository, wanted: str) -> None:
    assert pick_branch(repo, wanted) == Picked("far", git(shop, "rev-parse", "origin/far"), "origin/far")


def test_a_remote_whose_name_has_a_slash_is_understood(shop: Path, repo: Repository, clean_environment: Path) -> None:
    git(shop, "remote", "add", "team/ann", str(clean_environment / "hub.git"))
    git(shop, "fetch", "--quiet", "team/ann")
    assert pick_branch(repo, "team/ann/far").name == "far"
    with pytest.raises(Ambiguous, match=r"origin/far, team/ann/far"):
        pick_branch(repo, "far")


def test_a_local_branch_apart_from_the_remote_one_is_not_guessed(shop: Path, repo: Repository) -> None:
    git(shop, "branch", "--no-track", "far", "origin/far")
    assert pick_branch(repo, "origin/far") == Picked("far", git(shop, "rev-parse", "far"))
    git(shop, "branch", "--quiet", "--force", "far", "main")
    with pytest.raises(Ambiguous, match="different commits"):
        pick_branch(repo, "origin/far")
    assert pick_branch(repo, "far").commit == git(shop, "rev-parse", "main")


def test_a_local_branch_that_is_called_like_a_remote_one_is_not_guessed(shop: Path, repo: Repository) -> None:
    git(shop, "branch", "origin/far")
    with pytest.raises(Ambiguous, match="refs/heads/origin/far, refs/remotes/origin/far"):
        pick_branch(repo, "origin/far")
    assert pick_branch(repo, "refs/heads/origin/far").name == "origin/far"


@pytest.mark.parametrize(
    "wanted", ["", "fra", "origin/HEAD", "origin", "-x", "refs/tags/v1", "far\0", "far^{commit}", "\x1b]0;x"]
)
def test_no_such_branch_is_told_with_what_there_is(shop: Path, repo: Repository, wanted: str) -> None:
    with pytest.raises(NotFound) as error:
        pick_branch(repo, wanted)
    assert "\x1b" not in error.value.message
    assert "did you mean: " in error.value.hint or "git fetch" in error.value.hint


def test_a_main_branch_and_one_that_is_in_use_are_refused(
    shop: Path, repo: Repository, clean_environment: Path
) -> None:
    git(shop, "branch", "master")
    with pytest.raises(BranchBusy, match="master is a main branch"):
        free_branch(repo, pick_branch(repo, "master"))
    git(shop, "worktree", "add", "--quiet", "-b", "busy", str(clean_environment / "tree"))
    with pytest.raises(BranchBusy, match=r"checked out in .*/tree") as error:
        free_branch(repo, pick_branch(repo, "busy"))
    assert error.value.hint == f"work there: --worktree {clean_environment / 'tree'}"


def test_a_branch_is_made_once_and_tracks_nothing(shop: Path, repo: Repository) -> None:
    git(shop, "config", "branch.autoSetupMerge", "always")
    tip = git(shop, "rev-parse", "origin/far")
    make_branch(repo, "far", tip)
    make_branch(repo, "far", tip)
    assert git(shop, "rev-parse", "far") == tip
    assert git(shop, "config", "--get-regexp", "branch.far", check=False) == ""
    with pytest.raises(BranchBusy):
        make_branch(repo, "far", git(shop, "rev-parse", "main"))
    assert git(shop, "rev-parse", "far") == tip


def test_a_branch_parted_from_main_where_it_left_it(shop: Path, repo: Repository) -> None:
    left = git(shop, "rev-parse", "main")
    commit(shop, "meanwhile.txt")
    assert parted_from_main(repo, git(shop, "rev-parse", "origin/far")) == left


def test_a_main_branch_that_is_newer_on_the_remote_counts(
    shop: Path, repo: Repository, clean_environment: Path
) -> None:
    git(shop, "switch", "--quiet", "--create", "work")
    newest = commit(shop, "theirs.txt")
    git(shop, "push", "--quiet", "origin", "work:main")
    git(shop, "fetch", "--quiet")
    tip = commit(shop, "mine.txt")
    assert parted_from_main(repo, tip) == newest


def test_a_main_branch_by_another_name_is_known_from_the_remote(shop: Path, repo: Repository) -> None:
    git(shop, "branch", "--move", "main", "trunk")
    git(shop, "push", "--quiet", "origin", "trunk")
    git(shop, "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/trunk")
    here = commit(shop, "newer.txt")
    git(shop, "switch", "--quiet", "--create", "work")
    assert parted_from_main(repo, commit(shop, "mine.txt")) == here


def test_a_branch_that_shares_nothing_begins_at_itself(shop: Path, repo: Repository) -> None:
    git(shop, "switch", "--quiet", "--orphan", "pages")
    tip = commit(shop, "index.html")
    git(shop, "switch", "--quiet", "main")
    assert parted_from_main(repo, tip) == tip
