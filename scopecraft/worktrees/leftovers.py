"""What killed creates and deleted folders leave in a repository, and how exactly those are taken away."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

from scopecraft.errors import BranchBusy, StorageFailed
from scopecraft.model.text import clean_line
from scopecraft.worktrees.git import Git
from scopecraft.worktrees.lock import repository_lock
from scopecraft.worktrees.repository import Repository
from scopecraft.worktrees.snapshot import MAKING, OURS, Snapshot, Worktree, snapshot

_ESSENTIAL = ("gitdir", "commondir", "HEAD")


def heal(repo: Repository, git: Git, *, path: Path, branch: str) -> Snapshot:
    """What git knows once nothing dead is in the way of this path and branch; other entries are left alone.

    Only under the repository's lock: what is half made then belongs to nobody any more. Raises BranchBusy for a
    missing folder that somebody else locked.
    """
    sweep(repo.common_dir)
    seen = snapshot(repo)
    place = path.parent.resolve() / path.name
    near = [tree for tree in seen.worktrees if not tree.is_main and (tree.branch == branch or tree.path == place)]
    dead = [tree for tree in near if tree.is_missing or tree.is_half_made]
    for tree in dead:
        _forget(git, tree)
    return snapshot(repo) if dead else seen


def forget_half_made(repo: Repository, path: Path) -> None:
    """What a killed create left at a path; nothing where it was finished, or taken away, meanwhile."""
    with repository_lock(repo.common_dir) as held:
        for tree in snapshot(repo).worktrees:
            if tree.path == path and tree.is_half_made:
                _forget(replace(repo.git, inherit=(held,)), tree)


def sweep(common_dir: Path) -> None:
    """Take away entries of killed creates that lack what git writes first: with one, `git worktree list` fails.

    Only under the repository's lock. A folder in which git had written nothing yet may be a person's, and stays.
    """
    admin = common_dir / "worktrees"
    for stump in [folder for folder in admin.iterdir() if _is_stump(folder)] if admin.is_dir() else []:
        place = Path(_text(stump / "gitdir").removesuffix("\n")).parent
        if place.is_absolute() and place.is_dir() and [child.name for child in place.iterdir()] == [".git"]:
            shutil.rmtree(place, ignore_errors=True)  # the checkout had not begun
        shutil.rmtree(stump, ignore_errors=True)


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


def _is_stump(admin: Path) -> bool:
    return _text(admin / "locked").startswith(MAKING) and not all(_text(admin / name) for name in _ESSENTIAL)


def _text(file: Path) -> str:
    try:
        return os.fsdecode(file.read_bytes())
    except OSError:
        return ""
