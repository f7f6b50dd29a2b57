"""Whether a branch's work is on a main branch, from facts alone. Pure.

Squash merges, rebase merges and merged pull requests leave no commit of the branch on main; a branch on which nothing
was done looks to git as if it were merged. Every answer comes with its reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

How = Literal["ancestor", "tree", "squash", "rebase", "pull request"]


@dataclass(frozen=True, slots=True)
class Landed:
    """A commit of a main branch that carries work of the mission's branch; `main` is that branch's name."""

    commit: str
    main: str


@dataclass(frozen=True, slots=True)
class BranchFacts:
    """`own` are the branch's commits that no main branch holds; `picked` of them stand there as other commits."""

    tip: str | None  # None where the branch is gone
    has_begun: bool = False  # whether it ever had a commit of its own
    held_by: str | None = None  # the main branch that holds the tip
    own: int = 0
    merges: int = 0  # of the own commits
    picked: tuple[Landed, ...] = ()
    same_tree: Landed | None = None
    squashed: Landed | None = None  # all that it changed, as one commit
    squashed_before: tuple[Landed, int] | None = None  # the same of an earlier state, and how many commits came after
    changes_nothing: bool = False  # its commits undo each other
    reverted_by: str | None = None  # a commit of main that says so
    pull_request: int | None = None
    is_request_merged: bool = False
    after_request: int | None = 0  # commits beyond the pull request's head; None where nobody can tell


@dataclass(frozen=True, slots=True)
class MergeVerdict:
    """`how` is None for a branch that is not merged; `why` is for a person, and fits behind its name."""

    how: How | None
    why: str


def verdict(facts: BranchFacts) -> MergeVerdict:
    if facts.tip is None:
        return MergeVerdict(None, "its branch is gone")
    if not facts.has_begun:
        return MergeVerdict(None, "no commits yet")
    found = _found(facts)
    if found is not None and facts.reverted_by is not None:
        return MergeVerdict(None, f"{found.why}, but reverted by {facts.reverted_by[:12]}")
    return found or MergeVerdict(None, _why_not(facts))


def _found(facts: BranchFacts) -> MergeVerdict | None:
    if facts.held_by is not None:
        return MergeVerdict("ancestor", f"merged: {facts.held_by} has all its commits")
    if facts.squashed is not None:
        return MergeVerdict("squash", f"squash-merged as {_named(facts.squashed)}")
    if facts.same_tree is not None and not facts.changes_nothing:
        return MergeVerdict("tree", f"merged: {_named(facts.same_tree)} has the very same files")
    if facts.own > 0 and not facts.merges and len(facts.picked) == facts.own:
        count = "its commit is" if facts.own == 1 else f"its {facts.own} commits are"
        return MergeVerdict("rebase", f"rebase-merged: {count} on {facts.picked[0].main} with the same changes")
    if facts.is_request_merged and facts.after_request == 0:
        return MergeVerdict("pull request", f"pull request #{facts.pull_request} was merged with all its commits")
    return None


def _why_not(facts: BranchFacts) -> str:
    if facts.changes_nothing:
        return "its commits undo each other, and none of them is on a main branch"
    if facts.picked:
        return f"{len(facts.picked)} of its {_commits(facts.own)} are on {facts.picked[0].main}, the others are not"
    if facts.squashed_before is not None:
        landed, after = facts.squashed_before
        return f"squash-merged as {_named(landed)}, and {_commits(after)} came after that"
    if facts.is_request_merged and facts.after_request:
        return f"pull request #{facts.pull_request} was merged, and {_commits(facts.after_request)} came after it"
    return f"{_commits(facts.own)} that no main branch has"


def _named(landed: Landed) -> str:
    return f"{landed.commit[:12]} on {landed.main}"


def _commits(count: int) -> str:
    return f"{count} commit" + ("" if count == 1 else "s")
