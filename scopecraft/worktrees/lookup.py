"""Finding a mission's branch and worktree by convention: the same branch, else the same suffix."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from scopecraft.errors import Ambiguous, BranchBusy, GitFailed
from scopecraft.model.naming import suffix_of
from scopecraft.model.text import clean_line
from scopecraft.worktrees.leftovers import sweep
from scopecraft.worktrees.lock import repository_lock
from scopecraft.worktrees.repository import Repository
from scopecraft.worktrees.snapshot import Snapshot, Worktree, snapshot


@dataclass(frozen=True, slots=True)
class Found:
    """A branch that is there, at `head`; `path` is None when no worktree holds it (any more)."""

    branch: str
    head: str
    path: Path | None


def find(repo: Repository, *, branch: str, slug: str) -> Found | None:
    """The branch by its exact name, else the one branch or worktree with the slug's suffix (`05A`).

    Raises Ambiguous for two candidates, BranchBusy where the one is the main branch, in the main checkout, or in a
    worktree with another or no branch checked out.
    """
    seen = _settled(repo)
    return choose(seen, branch=branch, slug=slug)


def choose(seen: Snapshot, *, branch: str, slug: str) -> Found | None:
    abandoned = {tree.branch for tree in seen.worktrees if _is_abandoned(seen, tree)}
    if branch in seen.branches and branch not in abandoned:
        return _found(seen, branch)
    suffix = suffix_of(slug)
    if suffix is None:
        return None
    skipped = abandoned | seen.main_branches
    names = [name for name in seen.branches if suffix_of(name.rpartition("/")[2]) == suffix and name not in skipped]
    trees = [tree for tree in seen.worktrees if _is_named(tree, suffix) and tree.branch not in {*names, *skipped}]
    if len(names) + len(trees) > 1:
        raise _ambiguous(seen, suffix, names, trees)
    if trees and trees[0].branch not in seen.branches:
        raise BranchBusy(
            f"the worktree {_shown(trees[0].path)} has no branch checked out",
            "check a branch out there, or choose a task name with another suffix",
        )
    found = names or [tree.branch for tree in trees if tree.branch]
    return _found(seen, found[0]) if found else None


def _settled(repo: Repository) -> Snapshot:
    """What git knows when no create is under way; waits for one that is."""
    with suppress(GitFailed):  # git cannot list the worktrees in the moment in which another one is being written down
        seen = snapshot(repo)
        if not any(tree.is_half_made for tree in seen.worktrees):
            return seen
    with repository_lock(repo.common_dir):
        sweep(repo.common_dir)
        return snapshot(repo)


def refuse_main(seen: Snapshot, branch: str) -> None:
    """Raises BranchBusy for a branch that belongs to the project: checked out in its main checkout, or the main one."""
    holder = seen.on_branch(branch)
    if holder is not None and holder.is_main:
        raise BranchBusy(
            f"the branch {clean_line(branch)} is checked out in {_shown(holder.path)}",
            "switch to another branch there, or choose another task name",
        )
    if branch in seen.main_branches:
        raise BranchBusy(
            f"{clean_line(branch)} is a main branch, and missions never work on one",
            "choose another task name, or a branch template such as {type}/{slug}",
        )


def refuse_other_branch(seen: Snapshot, path: Path, branch: str) -> None:
    """Raises BranchBusy where a worktree stands there with another branch, or none, checked out."""
    tree = next((tree for tree in seen.worktrees if tree.path == path), None)
    if tree is not None and not tree.is_missing and not tree.is_half_made and tree.branch != branch:
        here, there = _shown(path), clean_line(branch)
        other = clean_line(tree.branch) if tree.branch else "no branch"
        raise BranchBusy(
            f"{here} has {other} checked out, and the mission works on {there}", f"git -C {here} switch {there}"
        )


def _found(seen: Snapshot, branch: str) -> Found:
    refuse_main(seen, branch)
    holder = seen.on_branch(branch)
    is_whole = holder is not None and not holder.is_missing and not holder.is_half_made
    return Found(branch, seen.branches[branch], holder.path if holder and is_whole else None)


def _is_abandoned(seen: Snapshot, tree: Worktree) -> bool:
    """Whether its branch was made by a create that did not finish, and nothing came of it since."""
    return tree.made_branch_at is not None and tree.made_branch_at == seen.branches.get(tree.branch or "")


def _is_named(tree: Worktree, suffix: str) -> bool:
    usable = not (tree.is_main or tree.is_missing or tree.is_half_made)
    return usable and suffix_of(tree.path.name) == suffix


def _ambiguous(seen: Snapshot, suffix: str, names: list[str], trees: list[Worktree]) -> Ambiguous:
    holders = [(name, seen.on_branch(name)) for name in sorted(names)]
    told = [f"{name} ({tree.path if tree else 'no worktree'})" for name, tree in holders]
    told += [f"{tree.branch or 'no branch'} ({tree.path})" for tree in trees]
    return Ambiguous(
        f"several branches or worktrees end in {suffix}: {clean_line(', '.join(told))}",
        "rename or remove all but one of them, or choose a task name with another suffix",
    )


def _shown(path: Path) -> str:
    return clean_line(str(path))
