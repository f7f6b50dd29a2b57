"""What git says of two trees, read as changes of files."""

from __future__ import annotations

from scopecraft.worktrees.difference import FileChange, parse_changes
from scopecraft.worktrees.mainline import MainRef, choose_mains

MAIN = ("1" * 40, "refs/heads/main", "")
FETCHED = ("2" * 40, "refs/remotes/origin/main", "")


def test_added_deleted_renamed_and_binary_files_are_told_apart() -> None:
    records = [
        ":000000 100755 0 1 A", "new.sh", ":100644 000000 1 0 D", "old\nname", ":100644 100644 1 1 R090", "a", "b",
        ":100644 100644 1 2 M", "logo.png", ":100644 120000 1 2 T", "link",
        "3\t0\tnew.sh", "0\t7\told\nname", "1\t2\t", "a", "b", "-\t-\tlogo.png", "1\t1\tlink",
    ]  # fmt: skip
    assert parse_changes(iter(records)) == [
        FileChange("new.sh", "added", None, 3, 0, "100755"),
        FileChange("old\nname", "deleted", None, 0, 7, "100644"),
        FileChange("b", "renamed", "a", 1, 2, "100644", is_same_kind=True),
        FileChange("logo.png", "modified", None, None, None, "100644", is_same_kind=True),
        FileChange("link", "type changed", None, 1, 1, "120000"),
    ]


def test_main_branches_are_known_here_and_as_they_were_fetched() -> None:
    mission = ("3" * 40, "refs/heads/feature/login", "")
    found = choose_mains([FETCHED, MAIN, mission], "refs/heads/feature/login")
    assert found == (MainRef(MAIN[1], MAIN[0]), MainRef(FETCHED[1], FETCHED[0]))
    assert [ref.short for ref in found] == ["main", "origin/main"]


def test_what_a_remote_calls_its_head_is_a_main_branch_whatever_its_name() -> None:
    stable = ("4" * 40, "refs/heads/stable/v2", "")
    head = ("5" * 40, "refs/remotes/origin/HEAD", "refs/remotes/origin/stable/v2")
    assert [ref.name for ref in choose_mains([stable, head], "refs/heads/x")] == ["refs/heads/stable/v2"]


def test_where_nothing_has_a_usual_name_it_is_the_branch_that_is_checked_out() -> None:
    work = ("6" * 40, "refs/heads/work", "")
    other = ("7" * 40, "refs/heads/other", "")
    assert [ref.name for ref in choose_mains([other, work], "refs/heads/work")] == ["refs/heads/work"]
    assert choose_mains([other, work], "") == ()
