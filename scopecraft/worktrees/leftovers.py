"""What killed creates and deleted folders leave in a repository, and how exactly those are taken away."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path

from scopecraft.errors import BranchBusy, StorageFailed
from scopecraft.model.text import clean_line
from scopecraft.worktrees.git import Git
from scopecraft.worktrees.repository import Repository
from scopecraft.worktrees.snapshot import MAKING, OURS, Snapshot, Worktree, snapshot


def heal(repo: Repository, git: Git, *, path: Path, branch: str) -> Snapshot:
    """What git knows once nothing dead is in the way of this path and branch; other entries are left alone.

    Only under the repository's lock: what is half made then belongs to nobody any more. Raises BranchBusy for a
    missing folder that somebody else locked.
    """
    seen = snapshot(repo)
    place = path.parent.resolve() / path.name
    near = [tree for tree in seen.worktrees if not tree.is_main and (tree.branch == branch or tree.path == place)]
    dead = [tree for tree in near if tree.is_missing or tree.is_half_made]
    for tree in dead:
        _forget(git, tree)
    for folder in _stumps(repo.common_dir):
        shutil.rmtree(folder, ignore_errors=True)
    return snapshot(repo) if dead else seen


def _forget(git: Git, tree: Worktree) -> None:
    """Take away one entry of git's, never others; a folder only if its create did not finish."""
    reason = tree.lock_reason
    if tree.is_missing and reason is not None and not reason.startswith(OURS):
        path = clean_line(str(tree.path))
        raise BranchBusy(
            f"the worktree {path} is locked ({clean_line(reason, 80)}) and its folder is away",
            f"bring it back, or: git worktree unlock {path}",
        )
    if tree.is_half_made and not tree.is_missing:
        _remove_folder(tree.path)
    git.run("worktree", "remove", "--force", "--force", "--", str(tree.path))
    if tree.branch and tree.made_branch_at:  # only while nothing came of it: the old value is checked
        git.run("update-ref", "-d", f"refs/heads/{tree.branch}", tree.made_branch_at, check=False)


def _remove_folder(path: Path) -> None:
    try:
        shutil.rmtree(path)
    except OSError as error:
        raise StorageFailed(
            f"cannot remove the unfinished worktree {clean_line(str(path))}: {error.strerror}", "remove it by hand"
        ) from error


def _stumps(common_dir: Path) -> list[Path]:
    """Entries of killed creates that git itself does not list: their folder was not yet written down."""
    with suppress(OSError):
        return [
            folder
            for folder in (common_dir / "worktrees").iterdir()
            if not (folder / "gitdir").exists() and _lock_text(folder).startswith(MAKING)
        ]
    return []


def _lock_text(admin: Path) -> str:
    try:
        return (admin / "locked").read_text(errors="replace")
    except OSError:
        return ""
