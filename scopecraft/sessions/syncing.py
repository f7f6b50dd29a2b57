"""Bringing the branch that a mission belongs to into the mission's branch, and its worktree along with it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from scopecraft.errors import Refused
from scopecraft.model.mission import Mission
from scopecraft.model.text import clean_line
from scopecraft.sessions.branch_moves import (
    Branches,
    as_it_is,
    branches_of,
    conflict,
    healed,
    note_of,
    telling,
)
from scopecraft.sessions.context import Context
from scopecraft.sessions.present_mission import refuse_frozen
from scopecraft.sessions.task_lock import name_held
from scopecraft.worktrees.commit_made import NewCommit, make_commit, replay, require_identity
from scopecraft.worktrees.git import Git
from scopecraft.worktrees.merge_tree import merge_trees, merging_git
from scopecraft.worktrees.moving import Move, move_branch
from scopecraft.worktrees.seeds import namespace

How = Literal["merge", "rebase"]


@dataclass(frozen=True, slots=True)
class SyncAs:
    how: How = "merge"
    base: str | None = None


@dataclass(frozen=True, slots=True)
class Synced:
    """`commit` is where the mission's branch stands now; `commits` of the base came in."""

    mission: Mission
    base: str
    commit: str
    how: How
    is_news: bool
    commits: int = 0
    worktree: Path | None = None


def sync_mission(context: Context, mission: Mission, how: SyncAs) -> Synced:
    """All of it or nothing; what is not committed in the worktree stays as it is.

    Raises MergeConflict with the files, AlreadyRunning while a session lives, Refused for what is in the way, and for a
    rebase of what was reviewed or offered already.
    """
    with name_held(context, mission.project, mission.title):
        healed(context, branches_of(context, mission, how.base).repository)
        mission = as_it_is(context, mission)
        refuse_frozen(mission)
        branches = branches_of(context, mission, how.base)
        git = branches.repository.git
        if git.succeeds("merge-base", "--is-ancestor", branches.base_tip, branches.tip):
            return Synced(mission, branches.base, branches.tip, how.how, is_news=False)
        if how.how == "rebase":
            _refuse_rewriting(mission)
        with merging_git(branches.repository, branches.base_tip) as merging:
            commit = _made(merging, mission, branches, how)
        commits = int(git.text("rev-list", "--count", branches.base_tip, f"^{branches.tip}"))
        worktree = move_branch(branches.repository, _move(context, mission, branches, commit, how), telling(context))
        synced = Synced(mission, branches.base, commit, how.how, True, commits, worktree)
    _reopen_gates(context, mission)
    return synced


def _made(git: Git, mission: Mission, branches: Branches, how: SyncAs) -> str:
    if git.succeeds("merge-base", "--is-ancestor", branches.tip, branches.base_tip):
        return branches.base_tip  # it has no work of its own yet
    require_identity(git)
    if how.how == "rebase":
        listed = git.text("rev-list", "--reverse", "--topo-order", branches.tip, f"^{branches.base_tip}")
        if git.text("rev-list", "--merges", "--max-count=1", branches.tip, f"^{branches.base_tip}"):
            raise Refused(f"{clean_line(mission.branch)} has merges, which a rebase would lose", "leave --rebase out")
        replayed = replay(git, listed.split("\n"), branches.base_tip)
        if replayed.conflicts:
            at = replayed.stopped_at or ""
            raise conflict(mission.branch, branches.base, replayed.conflicts, _way_out(mission, branches), at=at)
        return replayed.tip
    merged = merge_trees(git, branches.tip, branches.base_tip)
    if merged.conflicts:
        raise conflict(mission.branch, branches.base, merged.conflicts, _way_out(mission, branches))
    message = f"Merge branch '{branches.base}' into {mission.branch}\n"
    return make_commit(git, NewCommit(merged.tree, (branches.tip, branches.base_tip), os.fsencode(message)))


def _move(context: Context, mission: Mission, branches: Branches, commit: str, how: SyncAs) -> Move:
    data = {"base": branches.base, "commit": commit, "how": how.how}
    old = f"{namespace(mission.id)}old/{branches.tip}"
    return Move(
        branch=mission.branch,
        before=branches.tip,
        after=commit,
        why=f"scopecraft: {how.how} {clean_line(branches.base)}",
        note=note_of(context, mission, "branch_synced", {**data}),
        keep={old: branches.tip} if how.how == "rebase" else {},
    )


def _refuse_rewriting(mission: Mission) -> None:
    """Commits that others have looked at keep their names."""
    hint = f"bring the base in by a merge: sc sync {mission.slug}"
    if mission.pull_request is not None:
        raise Refused(f"pull request {mission.pull_request.number} of {mission.slug} has these commits", hint)
    if any(state.approval is not None and state.approval.commit is not None for state in mission.steps):
        raise Refused(f"commits of {mission.slug} were reviewed, and a rebase would replace them", hint)


def _way_out(mission: Mission, branches: Branches) -> str:
    base, tree = clean_line(branches.base), clean_line(mission.worktree)
    return (
        f"let an agent do it: sc run {mission.slug} -m 'merge {base} and resolve the conflicts'"
        f"   or do it by hand: git -C {tree} merge {base}"
    )


def _reopen_gates(context: Context, mission: Mission) -> None:
    """What was approved on the branch is not what is there now."""
    from scopecraft.sessions.carrying_on import carry_on

    carry_on(context, mission.id)
