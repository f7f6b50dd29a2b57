"""Taking what a worktree holds beyond its branch into a commit by the person, without trusting the tree.

Nothing that the tree or a configuration names is run: no hook, no filter, no signing.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from scopecraft.errors import GitFailed, Overtaken, RepositoryRefused
from scopecraft.model.text import clean_line
from scopecraft.worktrees.checkout import state_of
from scopecraft.worktrees.git import Git
from scopecraft.worktrees.index import rebuild_index
from scopecraft.worktrees.pointer import verify_pointer
from scopecraft.worktrees.repository import Repository
from scopecraft.worktrees.safe_changes import safe_changes
from scopecraft.worktrees.uncommitted import Left, WorkingState, working_state

_FILTERED = (b"filter", b"working-tree-encoding")
_UNFILTERED = (b"unspecified", b"unset", b"")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the person was shown: the branch at `tip`, and the files of the worktree as `tree`."""

    branch: str
    tip: str
    tree: str
    message: str
    largest_bytes: int


def commit_worktree(repo: Repository, worktree: Path, wanted: Wanted) -> str:
    """The id of the new commit, at which branch and index of the worktree stand then.

    Raises Overtaken where the worktree is not what is wanted any more, RepositoryRefused where it is at something else
    or holds what cannot be taken as it stands there, UnsafeTree, GitFailed. The branch is untouched then.
    """
    pointer = verify_pointer(worktree, repo.common_dir)
    _refuse_elsewhere(worktree, pointer, wanted)
    git, found = safe_changes(worktree, pointer)
    if found.unmerged:
        raise RepositoryRefused(f"there are conflicts in {_shown(found.unmerged[0])}", "resolve them first")
    state = working_state(repo, git, found, largest_bytes=wanted.largest_bytes)
    if state.tree != wanted.tree:
        raise Overtaken("the files of the worktree have changed since they were shown", "look at them again")
    _refuse_left(state.left, worktree)
    _refuse_filtered(git, state, worktree)
    commit = _written(git, wanted)
    # the index first: whoever is killed in between leaves everything staged, as after `git add`
    rebuild_index(git, commit)
    git.run("update-ref", "-m", f"commit: {wanted.message}", f"refs/heads/{wanted.branch}", commit, wanted.tip)
    return commit


def _written(git: Git, wanted: Wanted) -> str:
    try:
        return git.text("commit-tree", wanted.tree, "-p", wanted.tip, "-m", wanted.message)
    except GitFailed as error:
        if "ident" in error.message or "tell me who you are" in error.message:
            raise GitFailed(error.message, "tell git who you are: git config --global user.name YOUR-NAME") from error
        raise


def _refuse_elsewhere(worktree: Path, pointer: bytes, wanted: Wanted) -> None:
    state = state_of(worktree, pointer)
    if state.operation is not None:
        raise RepositoryRefused(
            f"a {state.operation} is under way in {_shown(worktree)}", "finish it, or abort it, and try again"
        )
    if state.branch != wanted.branch:
        raise RepositoryRefused(
            f"{_shown(worktree)} has {clean_line(state.branch) if state.branch else 'no branch'} checked out",
            f"git -C {_shown(worktree)} switch {clean_line(wanted.branch)}",
        )
    if state.commit != wanted.tip:
        raise Overtaken("the branch has moved since it was shown", "look at it again")


def _refuse_left(left: tuple[Left, ...], worktree: Path) -> None:
    if left:
        raise RepositoryRefused(
            f"{_shown(left[0].path)} cannot be committed from here",
            f"commit it by hand, or move it away: it is in {_shown(worktree)}",
        )


def _refuse_filtered(git: Git, state: WorkingState, worktree: Path) -> None:
    """A file's bytes are not what git would store where it goes through git-lfs, or is of another encoding."""
    paths = b"".join(os.fsencode(file.path) + b"\0" for file in state.files)
    if not paths:
        return
    said = git.run("check-attr", "-z", "--stdin", *map(os.fsdecode, _FILTERED), input=paths).stdout.split(b"\0")
    for path, _, value in zip(said[::3], said[1::3], said[2::3], strict=False):
        if value not in _UNFILTERED:
            raise RepositoryRefused(
                f"{_shown(os.fsdecode(path))} goes through a filter of git's, which is not run here",
                f"commit it yourself: git -C {_shown(worktree)} commit --all",
            )


def _shown(path: Path | str) -> str:
    return clean_line(str(path), 200)
