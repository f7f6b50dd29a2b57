"""What a worktree holds beyond its HEAD, also where an agent is at work just now or nobody has cleared up after it."""

from __future__ import annotations

from pathlib import Path

from scopecraft.errors import UnsafeTree
from scopecraft.model.text import clean_line
from scopecraft.worktrees.git import Git
from scopecraft.worktrees.nested import strangers_in
from scopecraft.worktrees.uncommitted import Changes, changes, uncommitted_git


def safe_changes(worktree: Path, pointer: bytes, *, with_ignored: bool = False) -> tuple[Git, Changes]:
    """With the git that was asked. Raises UnsafeTree, also for a pipe for which git would wait for ever, GitFailed."""
    pipes = strangers_in(worktree).pipes
    if pipes:
        raise UnsafeTree(
            f"git cannot look into {clean_line(str(worktree / pipes[0]), 200)}: it is a pipe", "remove it, or move it"
        )
    git = uncommitted_git(worktree, pointer)
    return git, changes(git, with_ignored=with_ignored)
