"""Which branches count as merged, and what a person is told of the others."""

from __future__ import annotations

import pytest

from scopecraft.worktrees.merged import BranchFacts, Landed, verdict
from scopecraft.worktrees.patch_prints import prints

TIP = "a" * 40
LANDED = Landed("b" * 40, "main")


@pytest.mark.parametrize(
    ("facts", "how", "word"),
    [
        (BranchFacts(TIP, True, held_by="main"), "ancestor", "main has all its commits"),
        (BranchFacts(TIP, True, own=2, squashed=LANDED), "squash", "squash-merged as bbbbbbbbbbbb on main"),
        (BranchFacts(TIP, True, own=2, picked=(LANDED, LANDED)), "rebase", "its 2 commits are on main"),
        (BranchFacts(TIP, True, own=1, same_tree=LANDED), "tree", "the very same files"),
        (
            BranchFacts(TIP, True, own=1, pull_request=7, is_request_merged=True),
            "pull request",
            "pull request #7 was merged",
        ),
    ],
)
def test_every_way_of_merging_counts_and_says_which_it_was(facts: BranchFacts, how: str, word: str) -> None:
    found = verdict(facts)
    assert found.how == how
    assert word in found.why


@pytest.mark.parametrize(
    ("facts", "word"),
    [
        (BranchFacts(None), "branch is gone"),
        (BranchFacts(TIP), "no commits"),
        (BranchFacts(TIP, False, held_by="main"), "no commits"),
        (BranchFacts(TIP, True, own=3, picked=(LANDED,)), "1 of its 3 commits are on main"),
        (BranchFacts(TIP, True, own=1), "1 commit that no main branch has"),
        (BranchFacts(TIP, True, own=3, squashed_before=(LANDED, 1)), "1 commit came after that"),
        (BranchFacts(TIP, True, held_by="main", reverted_by="c" * 40), "reverted by cccccccccccc"),
        (BranchFacts(TIP, True, own=1, squashed=LANDED, reverted_by="c" * 40), "reverted by"),
        (BranchFacts(TIP, True, own=2, same_tree=LANDED, changes_nothing=True), "undo each other"),
        (BranchFacts(TIP, True, own=2, merges=1, picked=(LANDED, LANDED)), "2 of its"),
        (
            BranchFacts(TIP, True, own=2, pull_request=7, is_request_merged=True, after_request=2),
            "2 commits came after it",
        ),
        (BranchFacts(TIP, True, own=2, pull_request=7, is_request_merged=True, after_request=None), "no main branch"),
        (BranchFacts(TIP, True, own=2, pull_request=7), "no main branch has"),
    ],
)
def test_what_is_not_all_on_main_is_not_merged_and_says_why(facts: BranchFacts, word: str) -> None:
    found = verdict(facts)
    assert found.how is None
    assert word in found.why


def the_prints(*patches: str) -> list[str]:
    lines = [line for number, patch in enumerate(patches) for line in (f"{number:040x}", *patch.splitlines())]
    return [found for _, found in prints(line.encode() for line in lines)]


HUNK = "diff --git a/x b/x\nindex 1..2 100644\n--- a/x\n+++ b/x\n@@ -{at},3 +{at},4 @@ {near}\n a\n b\n+{new}\n c"


def test_the_same_change_further_down_in_another_file_version_is_the_same() -> None:
    first, second = the_prints(
        HUNK.format(at=1, near="one()", new="x"), HUNK.format(at=90, near="two()", new="x").replace("1..2", "3..4")
    )
    assert first == second


def test_another_line_another_space_or_another_binary_file_is_another_change() -> None:
    binary = "diff --git a/x b/x\nindex 1..{to} 100644\nBinary files a/x and b/x differ"
    found = the_prints(
        HUNK.format(at=1, near="", new="x"),
        HUNK.format(at=1, near="", new="y"),
        HUNK.format(at=1, near="", new=" x"),
        binary.format(to=2),
        binary.format(to=3),
    )
    assert len(set(found)) == 5


def test_a_commit_that_changes_nothing_has_no_print_and_gives_its_neighbour_none() -> None:
    lines = [b"1" * 40, b"2" * 40, b"diff --git a/x b/x", b"new file mode 100644", b"3" * 40]
    assert [head for head, _ in prints(lines)] == [b"2" * 40]
