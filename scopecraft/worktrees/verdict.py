"""Where the mission's branch goes after a session, decided from what the harvest names. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from scopecraft.worktrees.harvest import Harvest

# what the second of two commits is to the first
Relation = Literal["same", "forward", "behind", "diverged", "unrelated"]
Relate = Callable[[str, str], Relation]
_AHEAD = ("same", "forward")
# HEAD is on its way to somewhere then, and says nothing of what the branch should be
_WANDERING = ("rebase", "bisect")


@dataclass(frozen=True, slots=True)
class Verdict:
    """`target` is where the branch goes, None when it stays; `rejected` a commit of the branch's own that it cannot
    go to, `stray` a HEAD that is elsewhere."""

    target: str | None
    relation: Relation = "same"
    rejected: str | None = None
    stray: str | None = None
    adopted_from: str | None = None  # the branch that HEAD was on, or "a detached HEAD"


def decide(harvest: Harvest, *, branch: str, tip: str, relate: Relate, is_resumed: bool = False) -> Verdict:
    """`tip` is the commit that the branch had at the start; a directory that is resumed began at another one.

    An amended or rebased branch moves; one that has nothing in common with its tip stays, and so does one behind its
    tip that may never have been there. A HEAD elsewhere is adopted where it carries the branch's commits on.
    """

    def move(candidate: str) -> Verdict:
        verdict = _move(tip, candidate, relate)
        if is_resumed and verdict.relation == "behind":
            return Verdict(None, "behind", rejected=candidate)
        return verdict

    name = f"refs/heads/{branch}"
    own = harvest.id_of(name) or (None if name in harvest.gone else tip)
    if harvest.symbolic_head == name:
        return move(harvest.head)
    if harvest.in_progress not in _WANDERING and _carries_on(harvest.head, (tip, own), relate):
        elsewhere = (harvest.symbolic_head or "").removeprefix("refs/heads/") or "a detached HEAD"
        return Verdict(harvest.head, relate(tip, harvest.head), adopted_from=elsewhere)
    verdict = move(own) if own else Verdict(None)
    stray = None if harvest.head in (verdict.target, tip) else harvest.head
    return Verdict(verdict.target, verdict.relation, rejected=verdict.rejected, stray=stray)


def _carries_on(head: str, commits: tuple[str, str | None], relate: Relate) -> bool:
    return all(relate(commit, head) in _AHEAD for commit in commits if commit is not None)


def _move(tip: str, candidate: str, relate: Relate) -> Verdict:
    relation = relate(tip, candidate)
    if relation == "unrelated":
        return Verdict(None, relation, rejected=candidate)
    return Verdict(candidate, relation)
