"""What stays of a session beside its branch."""

from __future__ import annotations

from pathlib import Path

import pytest

from scopecraft.worktrees.harvest import Harvest
from scopecraft.worktrees.intake import Intake
from scopecraft.worktrees.kept import RefChanges, kept_name, ref_changes, with_aside
from scopecraft.worktrees.seeds import Ref

A, B, C, D = "a" * 40, "b" * 40, "c" * 40, "d" * 40


def changes(
    known: dict[str, str], *refs: tuple[str, str], gone: tuple[str, ...] = (), stash: tuple[str, ...] = ()
) -> RefChanges:
    harvest = Harvest(Path(), A, None, refs=tuple(Ref(id_, name) for id_, name in refs), gone=gone, stash=stash)
    return ref_changes(Intake(harvest, head_tree=D), branch="work", known=known)


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("refs/heads/main", "heads/main"),
        ("refs/tags/v1", "tags/v1"),
        ("refs/notes/commits", "notes/commits"),
        ("refs/remotes/origin/main", "remotes/origin/main"),
        ("refs/replace/" + A, "other/replace/" + A),
        ("refs/scopecraft/m-2/tip", "other/scopecraft/m-2/tip"),
        ("refs/base/x", "other/base/x"),
    ],
)
def test_every_ref_of_an_agent_stands_below_its_mission(name: str, kept: str) -> None:
    assert kept_name(name) == kept


def test_the_missions_branch_is_a_matter_of_the_verdict() -> None:
    assert changes({}, (A, "refs/heads/work"), (B, "refs/heads/main")) == RefChanges({"heads/main": B})


def test_what_a_ref_loses_goes_on_as_old() -> None:
    assert changes({"heads/x": A}, (B, "refs/heads/x")) == RefChanges({"heads/x": B, f"old/{A}": A})


def test_a_branch_that_the_agent_deleted_is_gone_but_its_commit_stays() -> None:
    given = changes({"heads/x": A}, gone=("refs/heads/x", "refs/heads/main"))
    assert given == RefChanges({f"old/{A}": A}, frozenset({"heads/x"}))


def test_stashes_are_numbered_anew() -> None:
    given = changes({"stash/0": A, "stash/1": B}, stash=(C,))
    assert given.set == {"stash/0": C, f"old/{A}": A, f"old/{B}": B}
    assert given.remove == {"stash/1"}


def test_a_stash_that_only_moved_up_loses_nothing() -> None:
    given = changes({"stash/0": A, "stash/1": B}, stash=(B,))
    assert given.set == {"stash/0": B, f"old/{A}": A}


def test_an_earlier_head_is_not_overwritten_without_a_trace() -> None:
    given = with_aside(RefChanges({}), {"head": B, "tip": None}, {"head": A})
    assert given == RefChanges({"head": B, f"old/{A}": A})
