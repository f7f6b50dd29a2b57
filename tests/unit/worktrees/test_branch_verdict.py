"""Where a mission's branch goes after a session."""

from __future__ import annotations

from pathlib import Path

import pytest

from scopecraft.worktrees.harvest import Harvest
from scopecraft.worktrees.seeds import Ref
from scopecraft.worktrees.verdict import Relation, Verdict, decide

BRANCH = "refs/heads/work"
# commits are named so that a longer name continues its beginning: "ab" continues "a", "x" has nothing to do with "a"
TIP = "ab"


def relate(old: str, new: str) -> Relation:
    if old == new:
        return "same"
    if new.startswith(old) or old.startswith(new):
        return "forward" if new.startswith(old) else "behind"
    return "diverged" if old[0] == new[0] else "unrelated"


def verdict(
    head: str,
    on: str | None = BRANCH,
    *,
    own: str | None = None,
    deleted: bool = False,
    state: str = "",
    is_resumed: bool = False,
) -> Verdict:
    refs = (Ref(own, BRANCH),) if own else ()
    gone = (BRANCH,) if deleted else ()
    harvest = Harvest(Path(), head=head, symbolic_head=on, refs=refs, gone=gone, in_progress=state or None)
    return decide(harvest, branch="work", tip=TIP, relate=relate, is_resumed=is_resumed)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (verdict("ab"), Verdict("ab")),
        (verdict("abc", own="abc"), Verdict("abc", "forward")),
        (verdict("ac", own="ac"), Verdict("ac", "diverged")),
        (verdict("a", own="a"), Verdict("a", "behind")),
        (verdict("x", own="x"), Verdict(None, "unrelated", rejected="x")),
    ],
    ids=["nothing new", "commits", "amend or rebase", "reset", "orphan"],
)
def test_on_its_own_branch(given: Verdict, expected: Verdict) -> None:
    assert given == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (verdict("abc", None), Verdict("abc", "forward", adopted_from="a detached HEAD")),
        (verdict("abc", "refs/heads/better", deleted=True), Verdict("abc", "forward", adopted_from="better")),
        (verdict("abcd", "refs/heads/next", own="abc"), Verdict("abcd", "forward", adopted_from="next")),
        (verdict("ac", None), Verdict("ab", stray="ac")),
        (verdict("ac", "refs/heads/main", own="abc"), Verdict("abc", "forward", stray="ac")),
        (verdict("abd", "refs/heads/try", own="abc"), Verdict("abc", "forward", stray="abd")),
        (verdict("x", "refs/heads/orphan", deleted=True), Verdict(None, stray="x")),
        (verdict("ab", None), Verdict("ab", adopted_from="a detached HEAD")),
    ],
    ids=[
        "detached",
        "renamed",
        "another branch on top",
        "detached elsewhere",
        "back on main after commits",
        "two lines of work",
        "branch deleted, orphan",
        "detached where it was",
    ],
)
def test_with_head_elsewhere(given: Verdict, expected: Verdict) -> None:
    assert given == expected


def test_a_head_in_the_middle_of_a_rebase_is_not_adopted() -> None:
    assert verdict("abc", None, state="rebase") == Verdict("ab", stray="abc")


def test_a_merge_under_way_does_not_hold_up_the_commits_before_it() -> None:
    assert verdict("abc", own="abc", state="merge") == Verdict("abc", "forward")


def test_a_directory_from_before_a_persons_commit_does_not_take_it_off_the_branch() -> None:
    assert verdict("a", own="a", is_resumed=True) == Verdict(None, "behind", rejected="a")
    assert verdict("abc", own="abc", is_resumed=True) == Verdict("abc", "forward")
    assert verdict("ac", own="ac", is_resumed=True) == Verdict("ac", "diverged")
