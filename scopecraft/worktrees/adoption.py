"""A worktree that a person made: what a mission must know before it works there."""

from __future__ import annotations

from pathlib import Path

from scopecraft.errors import BranchBusy, NotFound, RepositoryRefused
from scopecraft.model.text import clean_line
from scopecraft.worktrees.checkout import operation_in
from scopecraft.worktrees.lookup import Found
from scopecraft.worktrees.pointer import admin_dir, verify_pointer
from scopecraft.worktrees.repository import Repository
from scopecraft.worktrees.snapshot import OURS, Worktree, snapshot


def adoptable(repo: Repository, path: Path) -> Found:
    """The branch and the folder of the worktree at `path`, which is absolute and real.

    Raises NotFound for a folder that is no worktree's top, BranchBusy for the main checkout, a main branch, no branch
    and a lock, RepositoryRefused in the middle of a merge or rebase, UnsafeTree.
    """
    seen = snapshot(repo)
    shown = clean_line(str(path))
    tree = next((tree for tree in seen.worktrees if tree.path == path), None)
    if tree is None:
        raise _no_worktree(seen.worktrees, path)
    if tree.is_main:
        raise BranchBusy(
            f"{shown} is the main checkout, and missions never work there", "git worktree add makes another"
        )
    if tree.branch is None or tree.branch not in seen.branches:
        raise BranchBusy(f"no branch is checked out in {shown}", "check one out there: git switch -c NAME")
    if tree.branch in seen.main_branches:
        raise BranchBusy(
            f"{shown} has the main branch {clean_line(tree.branch)} checked out, and missions never work on one",
            "switch to another branch there: git switch -c NAME",
        )
    if tree.lock_reason is not None:
        raise _locked(tree, shown)
    pointer = verify_pointer(path, repo.common_dir)
    if operation := operation_in(admin_dir(pointer)):
        raise RepositoryRefused(f"a {operation} is under way in {shown}", "finish or abort it first")
    return Found(tree.branch, seen.branches[tree.branch], path)


def _no_worktree(trees: tuple[Worktree, ...], path: Path) -> NotFound:
    around = next((tree for tree in trees if not tree.is_main and path.is_relative_to(tree.path)), None)
    if around is not None:
        return NotFound(
            f"{clean_line(str(path))} is not the top of its worktree", f"name {clean_line(str(around.path))}"
        )
    return NotFound(f"git knows no worktree at {clean_line(str(path))}", "git worktree list shows them")


def _locked(tree: Worktree, shown: str) -> BranchBusy:
    reason = clean_line(tree.lock_reason or "", 80)
    if reason.startswith(OURS):
        return BranchBusy(f"{shown} belongs to another mission ({reason})", "sc ls --all shows them")
    why = f" ({reason})" if reason else ""
    return BranchBusy(f"{shown} is locked{why}", f"if that is over: git worktree unlock {shown}")
