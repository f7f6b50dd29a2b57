"""Every way in which a branch's work gets onto a main branch, with real git, and the ways in which it only looks so."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from scopecraft.model.mission import PullRequest
from scopecraft.worktrees.merge_facts import Asked, merge_facts
from scopecraft.worktrees.merged import MergeVerdict, verdict
from scopecraft.worktrees.repository import open_repository
from tests.support.repos import commit, git, make_repository

BRANCH = "feature/work"


@dataclass(frozen=True, slots=True)
class Place:
    """A repository on main, and a branch of a mission that began at its first commit."""

    folder: Path
    base: str

    def git(self, *arguments: str) -> str:
        return git(self.folder, *arguments)

    def work(self, *names: str, branch: str = BRANCH) -> list[str]:
        """One commit on the branch for each file name; back on main afterwards."""
        self.git("switch", "-q", branch)
        made = [commit(self.folder, name, f"{name}\n") for name in names]
        self.git("switch", "-q", "main")
        return made

    def main(self, *names: str) -> None:
        for name in names:
            commit(self.folder, name, f"{name} of main\n")

    def squash(self) -> str:
        self.git("merge", "-q", "--squash", BRANCH)
        self.git("commit", "-qm", "squashed")
        return self.git("rev-parse", "HEAD")

    def asked(self) -> Asked:
        return Asked(BRANCH, self.base, time.time() - 60)

    def verdict(self, asked: Asked | None = None) -> MergeVerdict:
        return verdict(merge_facts(open_repository(self.folder), [asked or self.asked()])[BRANCH])


@pytest.fixture
def place(clean_environment: Path) -> Place:
    folder = make_repository(clean_environment / "shop")
    git(folder, "branch", BRANCH)
    return Place(folder, git(folder, "rev-parse", "HEAD"))


def test_a_merge_a_fast_forward_and_a_merge_after_more_work_on_main_count(place: Place) -> None:
    place.work("a.txt", "b.txt")
    assert place.verdict().how is None
    place.git("merge", "-q", "--ff-only", BRANCH)
    assert place.verdict().how == "ancestor"
    place.work("c.txt")
    place.main("m.txt")
    assert place.verdict().why == "1 commit that no main branch has"
    place.git("merge", "-q", "--no-ff", "-m", "merge", BRANCH)
    assert place.verdict() == MergeVerdict("ancestor", "merged: main has all its commits")


def test_a_squash_merge_counts_also_on_top_of_other_work(place: Place) -> None:
    place.work("a.txt", "b.txt", "c.txt")
    place.main("m.txt")
    squashed = place.squash()
    place.main("n.txt")
    assert place.verdict() == MergeVerdict("squash", f"squash-merged as {squashed[:12]} on main")


def test_a_squash_merge_counts_when_main_was_merged_into_the_branch_before(place: Place) -> None:
    place.work("a.txt")
    place.main("m.txt")
    place.git("switch", "-q", BRANCH)
    place.git("merge", "-q", "-m", "sync", "main")
    place.git("switch", "-q", "main")
    place.work("b.txt")
    place.main("n.txt")
    place.squash()
    assert place.verdict().how == "squash"


def test_what_came_after_a_squash_merge_is_seen(place: Place) -> None:
    place.work("a.txt", "b.txt")
    squashed = place.squash()
    place.work("c.txt")
    found = place.verdict()
    assert found == MergeVerdict(None, f"squash-merged as {squashed[:12]} on main, and 1 commit came after that")


def test_a_rebase_merge_counts_and_half_of_one_does_not(place: Place) -> None:
    first, second = place.work("a.txt", "b.txt")
    place.main("m.txt")
    place.git("cherry-pick", first)
    assert place.verdict() == MergeVerdict(None, "1 of its 2 commits are on main, the others are not")
    place.git("cherry-pick", second)
    assert place.verdict().how == "rebase"


def test_the_same_files_on_main_count_however_they_got_there(place: Place) -> None:
    place.work("a.txt", "b.txt")
    # in two other steps, which no patch of the branch is like
    (place.folder / "b.txt").write_text("b.txt\n")
    commit(place.folder, "a.txt", "draft\n")
    place.git("add", ".")
    place.git("commit", "-q", "--amend", "-m", "both, in draft")
    commit(place.folder, "a.txt", "a.txt\n")
    assert place.verdict().how == "tree"


def test_a_merged_pull_request_counts_with_the_commits_that_it_had(place: Place) -> None:
    head = place.work("a.txt", "b.txt")[-1]
    place.main("a.txt")  # merged elsewhere, with a conflict solved: nothing of it is alike
    request = PullRequest(7, head, is_merged=True)
    asked = replace(place.asked(), pull_request=request)
    assert place.verdict(asked).how == "pull request"
    assert place.verdict(replace(asked, pull_request=replace(request, is_merged=False))).how is None
    assert place.verdict(replace(asked, pull_request=replace(request, head="f" * 40))).how is None
    place.work("c.txt")
    assert "1 commit came after it" in place.verdict(asked).why


def test_what_main_took_back_is_not_merged_until_it_took_that_back_too(place: Place) -> None:
    place.work("a.txt")
    place.git("merge", "-q", "--no-ff", "-m", "merge", BRANCH)
    place.git("revert", "--no-edit", "-m", "1", "HEAD")
    found = place.verdict()
    assert found.how is None and "reverted by" in found.why
    place.git("revert", "--no-edit", "HEAD")
    assert place.verdict().how == "ancestor"


def test_a_squash_merge_that_was_reverted_does_not_count(place: Place) -> None:
    place.work("a.txt")
    place.squash()
    place.main("m.txt")
    place.git("revert", "--no-edit", "HEAD~1")
    assert "reverted by" in place.verdict().why


def test_a_branch_without_commits_of_its_own_is_not_merged(place: Place) -> None:
    assert place.verdict() == MergeVerdict(None, "no commits yet")
    place.main("m.txt")
    assert place.verdict() == MergeVerdict(None, "no commits yet")
    # it only followed main
    place.git("switch", "-q", BRANCH)
    place.git("merge", "-q", "--ff-only", "main")
    place.git("switch", "-q", "main")
    assert place.verdict() == MergeVerdict(None, "no commits yet")
    # and what sessions committed is known beside git's own log of the branch
    assert place.verdict(replace(place.asked(), is_worked_on=True)).how == "ancestor"


def test_commits_that_undo_each_other_are_not_taken_for_merged(place: Place) -> None:
    place.work("a.txt")
    place.git("switch", "-q", BRANCH)
    place.git("rm", "-q", "a.txt")
    place.git("commit", "-qm", "away again")
    place.git("switch", "-q", "main")
    place.main("m.txt")
    assert "undo each other" in place.verdict().why


def test_another_change_to_the_same_binary_file_is_not_taken_for_this_one(place: Place) -> None:
    place.git("switch", "-q", BRANCH)
    (place.folder / "logo.png").write_bytes(b"\0one")
    place.git("add", ".")
    place.git("commit", "-qm", "logo")
    place.git("switch", "-q", "main")
    (place.folder / "logo.png").write_bytes(b"\0two")
    place.git("add", ".")
    place.git("commit", "-qm", "logo")
    assert place.verdict().how is None


def test_a_merge_that_was_only_fetched_counts(place: Place, clean_environment: Path) -> None:
    place.work("a.txt", "b.txt")
    hub = clean_environment / "hub.git"
    place.git("clone", "-q", "--bare", ".", str(hub))
    place.git("remote", "add", "origin", str(hub))
    other = clean_environment / "other"
    place.git("clone", "-q", str(hub), str(other))
    git(other, "merge", "-q", "--squash", f"origin/{BRANCH}")
    git(other, "commit", "-qm", "squashed there")
    git(other, "push", "-q", "origin", "main")
    assert place.verdict().how is None
    place.git("fetch", "-q", "origin")
    found = place.verdict()
    assert found.how == "squash" and "on origin/main" in found.why


def test_a_branch_that_is_gone_or_without_a_common_history_is_no_fault(place: Place) -> None:
    place.git("checkout", "-q", "--orphan", "other")
    commit(place.folder, "o.txt")
    place.git("switch", "-q", "main")
    place.git("branch", "-f", BRANCH, "other")
    assert place.verdict().how is None
    place.git("branch", "-q", "-D", BRANCH)
    assert place.verdict() == MergeVerdict(None, "its branch is gone")


def test_many_branches_are_judged_at_once_each_by_its_own_work(place: Place) -> None:
    place.git("branch", "feature/other")
    place.git("branch", "feature/third")
    place.work("a.txt")
    place.work("o.txt", branch="feature/other")
    place.work("t.txt", branch="feature/third")
    place.squash()
    place.git("merge", "-q", "-m", "m", "feature/third")
    asked = [replace(place.asked(), branch=name) for name in (BRANCH, "feature/other", "feature/third", "feature/no")]
    found = merge_facts(open_repository(place.folder), asked)
    assert {name: verdict(facts).how for name, facts in found.items()} == {
        BRANCH: "squash",
        "feature/other": None,
        "feature/third": "ancestor",
        "feature/no": None,
    }
