"""Git inside a worktree, and what is checked out and half done there."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from scopecraft.model.text import clean_line
from scopecraft.worktrees.filters import overrides
from scopecraft.worktrees.git import Git
from scopecraft.worktrees.pointer import admin_dir, check_pointer

Operation = Literal["merge", "rebase", "cherry-pick", "revert", "bisect"]

_SIGNS: tuple[tuple[str, Operation], ...] = (
    ("rebase-merge", "rebase"),
    ("rebase-apply", "rebase"),
    ("MERGE_HEAD", "merge"),
    ("CHERRY_PICK_HEAD", "cherry-pick"),
    ("REVERT_HEAD", "revert"),
    ("BISECT_LOG", "bisect"),
)


@dataclass(frozen=True, slots=True)
class CheckoutState:
    """`branch` is None when HEAD is detached, `commit` when the branch has none."""

    branch: str | None
    commit: str | None
    operation: Operation | None


def worktree_git(worktree: Path, expected: bytes) -> Git:
    """Git for a worktree that an agent writes in; `expected` is the pointer that was recorded when it was made.

    Raises UnsafeTree, now and on every later call, when `.git` there is anything else.
    """
    check_pointer(worktree, expected)
    git = Git(worktree, git_dir=admin_dir(expected), work_tree=worktree, pointer=expected)
    return git.with_config(overrides(git, worktree))


def state_of(worktree: Path, expected: bytes) -> CheckoutState:
    """Raises UnsafeTree as `worktree_git` does."""
    check_pointer(worktree, expected)
    admin = admin_dir(expected)
    git = Git(worktree, git_dir=admin, work_tree=worktree, pointer=expected)
    head = git.run("symbolic-ref", "--quiet", "HEAD", check=False)
    commit = git.run("rev-parse", "--verify", "--quiet", "HEAD^{commit}", check=False)
    return CheckoutState(
        branch=os.fsdecode(head.stdout).strip().removeprefix("refs/heads/") if head.exit_code == 0 else None,
        commit=commit.stdout.decode("ascii").strip() if commit.exit_code == 0 else None,
        operation=operation_in(admin),
    )


def operation_in(admin: Path) -> Operation | None:
    """What is half done in the worktree of an administrative folder."""
    return next((name for sign, name in _SIGNS if os.path.lexists(admin / sign)), None)


def refusal(state: CheckoutState, worktree: Path) -> str | None:
    """Why an autonomous session cannot start on this state; None when it can."""
    if state.operation is not None:
        return f"a {state.operation} is under way in {clean_line(str(worktree))}: finish or abort it first"
    if state.branch is None:
        return f"no branch is checked out in {clean_line(str(worktree))}: git switch <branch> there first"
    if state.commit is None:
        return f"the branch {clean_line(state.branch)} has no commit, or was deleted"
    return None
