"""Merging a mission's branch into the branch that it belongs to: computed in memory, then moved as a whole."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from scopecraft.errors import Overtaken, Refused
from scopecraft.missions.folder import folder_of
from scopecraft.missions.recipe import load_workflow
from scopecraft.model.host_files import GITLINK, HostFile
from scopecraft.model.mission import Mission
from scopecraft.model.text import clean_line
from scopecraft.sessions.branch_moves import (
    Branches,
    as_it_is,
    branches_of,
    conflict,
    healed,
    note_of,
    refuse_at_work,
    refuse_uncommitted,
    telling,
    uncommitted_in,
)
from scopecraft.sessions.context import Context
from scopecraft.sessions.host_changes import host_changes
from scopecraft.sessions.review_state import Review, refuse_unreviewed, review_of
from scopecraft.sessions.task_lock import name_held
from scopecraft.worktrees.commit_made import NewCommit, make_commit, replay, require_identity
from scopecraft.worktrees.difference import FileChange, file_changes
from scopecraft.worktrees.git import Git
from scopecraft.worktrees.mainline import main_refs, origin_of
from scopecraft.worktrees.merge_tree import merge_trees, merging_git, tree_of_commit
from scopecraft.worktrees.moving import Move, move_branch

How = Literal["merge", "squash", "rebase"]
_TRIES = 3  # where others move the base at the same time


@dataclass(frozen=True, slots=True)
class MergeAs:
    """`tip` is the commit that a person was shown, None where nobody was; `unreviewed` takes it without a review."""

    how: How = "merge"
    into: str | None = None
    message: str | None = None
    unreviewed: bool = False
    only_committed: bool = False
    tip: str | None = None


@dataclass(frozen=True, slots=True)
class MergePlan:
    """What would be merged, for a person to look at; nothing is changed for it. `commits` are those without merges."""

    mission: Mission
    branches: Branches
    review: Review
    commits: int
    files: tuple[FileChange, ...] = ()
    host_files: tuple[HostFile, ...] = ()

    @property
    def has_submodules(self) -> bool:
        return any(file.mode == GITLINK for file in self.files)


@dataclass(frozen=True, slots=True)
class Merged:
    """`commit` is where `into` stands now; not `is_news` where it had all of the work already."""

    mission: Mission
    into: str
    commit: str
    how: How
    is_news: bool
    commits: int = 0
    checkout: Path | None = None
    left_out: tuple[str, ...] = ()  # what is in the worktree and not committed


def plan_merge(context: Context, mission: Mission, how: MergeAs) -> MergePlan:
    """Raises what `merge_mission` would, but for conflicts, and finishes what a killed merge had begun."""
    plan = _plan(context, mission, how)
    repository, tip = plan.branches.repository, plan.branches.tip
    mains = [ref for ref in main_refs(repository) if ref.name != f"refs/heads/{mission.branch}"]
    origin = origin_of(repository.git, tip=tip, base=mission.base, mains=mains)
    files = tuple(file_changes(repository.git, origin, tip))
    return replace(plan, files=files, host_files=host_changes(context, plan.mission, repository))


def _plan(context: Context, mission: Mission, how: MergeAs) -> MergePlan:
    """Without what only a person looks at."""
    healed(context, branches_of(context, mission, how.into).repository)
    branches = branches_of(context, mission, how.into)
    mission = as_it_is(context, mission)
    git = branches.repository.git
    if not how.only_committed:
        refuse_uncommitted(mission, uncommitted_in(mission, branches.repository))
    review = review_of(mission, load_workflow(folder_of(context.home, mission)), branches.tip)
    if not how.unreviewed and not _has_all(git, branches.base_tip, branches.tip):
        refuse_unreviewed(mission, review, branches.tip)
    return MergePlan(mission, branches, review, commits=len(_own(git, branches)))


def merge_mission(context: Context, mission: Mission, how: MergeAs) -> Merged:
    """All of it or nothing; the checkout that has the branch, if any, goes along with it.

    Raises MergeConflict with the files, AlreadyRunning while a session lives, Refused for what is not reviewed, not
    committed, or in the way, Overtaken where the branch is not what was shown, RepositoryRefused, GitFailed.
    """
    with name_held(context, mission.project, mission.title):
        for _ in range(_TRIES - 1):
            try:
                return _merge(context, mission, how)
            except Overtaken:
                if how.tip not in (None, branches_of(context, mission, how.into).tip):
                    raise
        return _merge(context, mission, how)


def _merge(context: Context, mission: Mission, how: MergeAs) -> Merged:
    plan = _plan(context, mission, how)
    branches, mission = plan.branches, plan.mission
    repository = branches.repository
    if how.tip is not None and how.tip != branches.tip:
        raise Overtaken(f"the branch of {mission.slug} has moved since you were shown it", "look again: run it again")
    nothing_new = Merged(mission, branches.base, branches.base_tip, how.how, is_news=False)
    if _has_all(repository.git, branches.base_tip, branches.tip):
        return nothing_new
    refuse_at_work(context, repository, branches.base)
    with merging_git(repository, branches.base_tip) as git:
        commit = _made(git, plan, how)
    if commit == branches.base_tip:
        return nothing_new
    data = {"into": branches.base, "commit": commit, "how": how.how}
    move = Move(
        branch=branches.base,
        before=branches.base_tip,
        after=commit,
        why=f"scopecraft: {how.how} {clean_line(mission.branch)}",
        note=note_of(context, mission, "branch_merged", {**data, "tip": branches.tip}),
    )
    checkout = move_branch(repository, move, telling(context))
    left = uncommitted_in(mission, repository) if how.only_committed else ()
    return replace(nothing_new, commit=commit, is_news=True, commits=plan.commits, checkout=checkout, left_out=left)


def _made(git: Git, plan: MergePlan, how: MergeAs) -> str:
    """The commit that the base is to be at; nothing points to it yet."""
    branches = plan.branches
    if how.how == "rebase":
        return _replayed(git, plan)
    require_identity(git)
    merged = merge_trees(git, branches.base_tip, branches.tip)
    if merged.conflicts:
        raise conflict(plan.mission.branch, branches.base, merged.conflicts, _way_out(plan))
    if how.how == "merge":
        parents: tuple[str, ...] = (branches.base_tip, branches.tip)
        return make_commit(git, NewCommit(merged.tree, parents, _message(how, _merge_message(plan))))
    if merged.tree == tree_of_commit(git, branches.base_tip):
        return branches.base_tip
    return make_commit(git, NewCommit(merged.tree, (branches.base_tip,), _message(how, _squash_message(git, plan))))


def _replayed(git: Git, plan: MergePlan) -> str:
    branches = plan.branches
    own = _own(git, branches)
    has_merges = bool(git.text("rev-list", "--merges", "--max-count=1", branches.tip, f"^{branches.base_tip}"))
    if not has_merges and _has_all(git, branches.tip, branches.base_tip):
        return branches.tip  # they stand on it already
    require_identity(git)
    replayed = replay(git, own, branches.base_tip)
    if replayed.conflicts:
        at, hint = replayed.stopped_at or "", _way_out(plan)
        if not merge_trees(git, branches.base_tip, branches.tip).conflicts:
            hint = f"as a whole it does not: sc merge {plan.mission.slug}   or with --squash"
        raise conflict(plan.mission.branch, branches.base, replayed.conflicts, hint, at=at)
    if has_merges and merge_trees(git, branches.base_tip, branches.tip).tree != tree_of_commit(git, replayed.tip):
        raise Refused(
            f"{clean_line(plan.mission.branch)} has merges whose work would be lost when its commits are replayed",
            f"keep all of it: sc merge {plan.mission.slug} --squash   or without an option",
        )
    return replayed.tip


def _own(git: Git, branches: Branches) -> list[str]:
    """The commits that the base does not have, oldest first, without merges."""
    listed = git.text("rev-list", "--reverse", "--topo-order", "--no-merges", branches.tip, f"^{branches.base_tip}")
    return listed.split("\n") if listed else []


def _has_all(git: Git, commit: str, of: str) -> bool:
    return git.succeeds("merge-base", "--is-ancestor", of, commit)


def _way_out(plan: MergePlan) -> str:
    slug, base = plan.mission.slug, clean_line(plan.branches.base)
    reopen = f"sc mission reopen {slug}, and then " if plan.mission.is_frozen else ""
    return f"let an agent bring them together: {reopen}sc run {slug} -m 'merge {base} and resolve the conflicts'"


def _message(how: MergeAs, otherwise: str) -> bytes:
    text = how.message if how.message is not None else otherwise
    return os.fsencode(text.strip() + "\n")


def _merge_message(plan: MergePlan) -> str:
    into = "" if plan.branches.base in ("main", "master") else f" into {plan.branches.base}"
    return f"Merge branch '{plan.mission.branch}'{into}\n\n{clean_line(plan.mission.title, 500)}"


def _squash_message(git: Git, plan: MergePlan) -> str:
    subjects = git.text(
        "log", "--no-patch", "--no-merges", "--reverse", "--format=%s", plan.branches.tip, f"^{plan.branches.base_tip}"
    )
    lines = [f"* {clean_line(line, 200)}" for line in subjects.split("\n") if line.strip()]
    return "\n".join([clean_line(plan.mission.title, 200), "", *lines])
