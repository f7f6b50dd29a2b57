"""A repository that was moved: what it still knows of its worktrees, and the way back to it for them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from scopecraft.errors import UnsafeTree
from scopecraft.worktrees.lock import repository_lock
from scopecraft.worktrees.pointer import read_pointer, verify_pointer
from scopecraft.worktrees.repository import Repository


def knows_worktrees_in(repo: Repository, folder: Path) -> bool:
    """Whether the repository has a worktree written down that is, or was, in that folder."""
    return any(tree.is_relative_to(folder) for tree in _written_down(repo))


def has_work(repo: Repository, *, branch: str, base: str) -> bool:
    """Whether the branch is there, and the commit that it began at."""
    return repo.git.succeeds("rev-parse", "--verify", "--quiet", f"refs/heads/{branch}") and repo.git.succeeds(
        "cat-file", "-e", f"{base}^{{commit}}"
    )


def repair_worktrees(repo: Repository, worktrees: Iterable[Path]) -> list[Path]:
    """Let these worktrees point to the repository again; those for which it did not work. A missing one is no matter.

    As with any `git worktree repair`, the others that the repository knows are repaired too.
    """
    there = [path for path in worktrees if path.is_dir()]
    # git writes through a link: only where its own file stands may it write
    plain = [path for path in there if _has_plain_pointer(path)]
    with repository_lock(repo.common_dir) as held:
        # what it cannot repair is found below, each by itself
        replace(repo.git, inherit=(held,)).run("worktree", "repair", *(str(path) for path in plain), check=False)
    return [path for path in there if not _points_to(path, repo)]


def _written_down(repo: Repository) -> Iterable[Path]:
    for file in (repo.common_dir / "worktrees").glob("*/gitdir"):
        with suppress(OSError):
            yield Path(os.fsdecode(file.read_bytes()).removesuffix("\n")).parent


def _has_plain_pointer(path: Path) -> bool:
    try:
        read_pointer(path)
    except UnsafeTree:
        return False
    return True


def _points_to(path: Path, repo: Repository) -> bool:
    try:
        verify_pointer(path, repo.common_dir)
    except UnsafeTree:
        return False
    return True
