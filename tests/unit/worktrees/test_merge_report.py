"""What git says of a merge, and which branch work goes back to: read from text alone."""

from __future__ import annotations

import pytest

from scopecraft.worktrees.mainline import choose_default
from scopecraft.worktrees.merge_tree import Conflict, MergedTree, parse_merge

HEAD, REMOTE = "refs/heads/", "refs/remotes/"


def answer(*fields: str) -> str:
    return "\0".join(fields) + "\0"


def test_a_clean_merge_has_a_tree_and_no_conflicts() -> None:
    assert parse_merge(answer("tree", "1", "f", "Auto-merging", "Auto-merging f\n"), is_clean=True) == MergedTree(
        "tree"
    )


def test_each_file_is_told_once_with_its_first_reason() -> None:
    said = answer(
        *("tree", "100644 a 1\tf", "100644 b 2\tf", "100644 c 3\tf", "100644 d 1\todd\tname\n", ""),
        *("1", "f", "Auto-merging", "Auto-merging f\n"),
        *("1", "f", "CONFLICT (contents)", "CONFLICT (content): Merge conflict in f\n"),
        *("1", "f", "CONFLICT (distinct modes)", "…"),
        *("1", "odd\tname\n", "CONFLICT (modify/delete)", "…"),
        *("2", "gone", "to", "CONFLICT (something new)", "…"),
    )
    assert parse_merge(said, is_clean=False).conflicts == (
        Conflict("f", "both changed the same lines"),
        Conflict("gone", "CONFLICT (something new)"),
        Conflict("odd\tname\n", "one changed it, the other deleted it"),
    )


def test_an_answer_that_is_cut_off_still_names_the_files() -> None:
    assert parse_merge("tree\x00100644 a 1\tf", is_clean=False).conflicts == (Conflict("f", "conflict"),)


@pytest.mark.parametrize(
    ("refs", "head", "chosen"),
    [
        (("develop", "main"), "develop", "main"),
        (("develop", "feature/x"), "feature/x", "develop"),
        (("mine", "other"), "other", "other"),
        (("feature/x",), "feature/x", None),
        (("trunk", "main", "origin/HEAD=origin/trunk"), "main", "trunk"),
        (("next", "main", "a/HEAD=a/next", "origin/HEAD=origin/main"), "next", "main"),
        (("main", "origin/HEAD=origin/gone"), "main", "main"),
    ],
)
def test_work_goes_back_to_what_the_project_calls_its_main_branch(
    refs: tuple[str, ...], head: str, chosen: str | None
) -> None:
    rows = []
    for ref in refs:
        name, _, target = ref.partition("=")
        rows.append(("1" * 40, (REMOTE if target else HEAD) + name, REMOTE + target if target else ""))
    assert choose_default(rows, HEAD + head, "feature/x") == chosen
