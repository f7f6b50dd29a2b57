from __future__ import annotations

from pathlib import Path

import pytest

from scopecraft.errors import Ambiguous, BranchBusy
from scopecraft.worktrees.lookup import Found, choose
from scopecraft.worktrees.snapshot import Snapshot, Worktree, making_reason, parse_refs, parse_worktrees

ONE, TWO = "1" * 40, "2" * 40
MAIN = Worktree(Path("/p"), "main", is_main=True)


def seen(*trees: Worktree, main: Worktree = MAIN, **branches: str) -> Snapshot:
    names = {name.replace("__", "/").replace("_", "-"): commit for name, commit in branches.items()}
    return Snapshot((main, *trees), {"main": ONE, **names}, frozenset({"main", "master"}))


def test_nothing_by_that_name_or_suffix() -> None:
    assert choose(seen(feature__other_06B=ONE), branch="feature/x-05A", slug="x-05A") is None
    assert choose(seen(feature__x=ONE), branch="feature/y", slug="y") is None


def test_the_exact_branch_is_found_with_and_without_a_worktree() -> None:
    tree = Worktree(Path("/w/x"), "feature/x")
    assert choose(seen(feature__x=TWO), branch="feature/x", slug="x") == Found("feature/x", TWO, None)
    assert choose(seen(tree, feature__x=TWO), branch="feature/x", slug="x") == Found("feature/x", TWO, tree.path)


def test_the_exact_branch_wins_over_another_of_the_same_suffix() -> None:
    view = seen(feature__review_auth_05A=ONE, feature__implement_auth_05A=TWO)
    found = choose(view, branch="feature/review-auth-05A", slug="review-auth-05A")
    assert found == Found("feature/review-auth-05A", ONE, None)


def test_a_review_finds_the_branch_of_the_implementation() -> None:
    tree = Worktree(Path("/w/implement-auth-05A"), "feature/implement-auth-05A")
    view = seen(tree, feature__implement_auth_05A=TWO, feature__other_05B=ONE, feature__x_105A=ONE)
    found = choose(view, branch="feature/review-auth-05A", slug="review-auth-05A")
    assert found == Found("feature/implement-auth-05A", TWO, tree.path)


def test_a_worktree_is_found_by_the_suffix_of_its_folder() -> None:
    tree = Worktree(Path("/w/implement-auth-05A"), "login")
    assert choose(seen(tree, login=TWO), branch="f/05A", slug="05A") == Found("login", TWO, tree.path)


def test_two_candidates_are_both_named_with_their_places() -> None:
    tree = Worktree(Path("/w/a-05A"), "feature/a-05A")
    view = seen(tree, feature__a_05A=ONE, fix__b_05A=TWO)
    with pytest.raises(Ambiguous) as told:
        choose(view, branch="feature/c-05A", slug="c-05A")
    assert "feature/a-05A (/w/a-05A)" in told.value.message
    assert "fix/b-05A (no worktree)" in told.value.message
    with pytest.raises(Ambiguous, match="/elsewhere-05A"):
        choose(seen(Worktree(Path("/elsewhere-05A"), "y"), x_05A=ONE, y=ONE), branch="z-05A", slug="z-05A")


def test_the_main_checkout_is_never_the_place() -> None:
    busy = seen(main=Worktree(Path("/p"), "feature/x-05A", is_main=True), feature__x_05A=ONE)
    for slug in ("x-05A", "y-05A"):
        with pytest.raises(BranchBusy, match="checked out in /p"):
            choose(busy, branch=f"feature/{slug}", slug=slug)


def test_a_main_branch_is_never_a_missions() -> None:
    bare = Worktree(Path("/p.git"), None, is_main=True)
    with pytest.raises(BranchBusy, match="main branch"):
        choose(seen(main=bare), branch="main", slug="main")
    on_main = Worktree(Path("/w/x-05A"), "main")
    assert choose(seen(on_main, main=bare), branch="feature/x-05A", slug="x-05A") is None


def test_a_worktree_without_a_branch_is_named() -> None:
    with pytest.raises(BranchBusy, match="/w/x-05A has no branch"):
        choose(seen(Worktree(Path("/w/x-05A"), None)), branch="feature/y-05A", slug="y-05A")


def test_a_deleted_folder_leaves_the_branch_without_a_place() -> None:
    tree = Worktree(Path("/w/x-05A"), "feature/x-05A", is_missing=True)
    assert choose(seen(tree, feature__x_05A=TWO), branch="b", slug="y-05A") == Found("feature/x-05A", TWO, None)


def test_what_a_killed_create_left_counts_for_nothing() -> None:
    tree = Worktree(Path("/w/x-05A"), "feature/x-05A", lock_reason=making_reason(TWO))
    assert choose(seen(tree, feature__x_05A=TWO), branch="feature/x-05A", slug="x-05A") is None
    moved = seen(tree, feature__x_05A=ONE)
    assert choose(moved, branch="feature/x-05A", slug="x-05A") == Found("feature/x-05A", ONE, None)
    old = Worktree(Path("/w/x-05A"), "feature/x-05A", lock_reason=making_reason(None))
    assert choose(seen(old, feature__x_05A=TWO), branch="b-05A", slug="b-05A") == Found("feature/x-05A", TWO, None)


def test_names_of_strangers_cannot_steer_the_terminal() -> None:
    view = Snapshot((MAIN,), {"a\u009b2J-05A": ONE, "b-05A": ONE}, frozenset())
    with pytest.raises(Ambiguous) as told:
        choose(view, branch="c-05A", slug="c-05A")
    assert "\u009b" not in told.value.message


def test_the_listing_of_git_is_read_as_it_is() -> None:
    listing = (
        "worktree /p.git\nbare\n\n"
        "worktree /w/a b\nHEAD " + ONE + "\nbranch refs/heads/feature/a\nlocked\n\n"
        "worktree /w/c\nHEAD " + ONE + '\ndetached\nlocked "quoted\\nreason"\nprunable gone\n'
    )
    bare, first, second = parse_worktrees(listing)
    assert (bare.path, bare.is_main, bare.branch) == (Path("/p.git"), True, None)
    assert (first.path, first.branch, first.lock_reason) == (Path("/w/a b"), "feature/a", "")
    assert (second.branch, second.is_missing, second.is_half_made) == (None, True, False)


def test_main_branches_are_those_of_head_and_of_the_remotes() -> None:
    listing = (
        f"refs/heads/x\u2028y {ONE} \nrefs/heads/dev {TWO} \nrefs/remotes/up/HEAD {ONE} refs/remotes/up/trunk/next"
    )
    branches, mains = parse_refs(listing, "refs/heads/dev")
    assert branches == {"x\u2028y": ONE, "dev": TWO}
    assert mains == {"main", "master", "dev", "trunk/next"}
