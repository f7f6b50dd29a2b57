"""Making a mission's worktree: all of it or nothing, one at a time in a repository.

A worktree carries a lock reason that says "being made" until it is whole. A create that was killed leaves at most that
entry, its folder and its branch; the next create for the same path or branch takes away exactly those.
"""

from __future__ import annotations

import os
import re
import shutil
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from scopecraft.errors import (
    BadInput,
    BadName,
    BranchBusy,
    NotFound,
    RepositoryRefused,
    ScopecraftError,
    StorageFailed,
)
from scopecraft.model.text import clean_line
from scopecraft.worktrees.filters import overrides
from scopecraft.worktrees.git import Git, GitResult, failure
from scopecraft.worktrees.leftovers import heal
from scopecraft.worktrees.lock import repository_lock
from scopecraft.worktrees.lookup import refuse_main, refuse_other_branch
from scopecraft.worktrees.pointer import admin_dir, verify_pointer
from scopecraft.worktrees.repository import Repository
from scopecraft.worktrees.snapshot import OURS, Snapshot, making_reason
from scopecraft.worktrees.submodules import fill_submodules

MADE_BRANCH = "branch: created by scopecraft"  # how the reflog of a branch of ours begins
_PART_BYTES = 200  # of a branch name: git makes a file of each part, with `.lock` behind it
_PLAIN_BRANCH = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*(?:/[A-Za-z0-9][A-Za-z0-9_-]*)*")
_REF_LOCK_MILLISECONDS = 1000
_FILTERED = re.compile(r"^fatal: (.*): smudge filter (.*) failed$", re.MULTILINE)
_HELD = re.compile(r"(?:already checked out|already used by worktree) at '(.*)'", re.DOTALL)


@dataclass(frozen=True, slots=True)
class CreateRequest:
    """`path` is absolute; without `existing_branch` the branch is made at `base_commit`.

    `with_submodules` checks out those that the main checkout has.
    """

    path: Path
    branch: str
    base_commit: str
    lock_reason: str
    existing_branch: bool = False
    with_submodules: bool = True


@dataclass(frozen=True, slots=True)
class Created:
    """`pointer` is the content of `<path>/.git`, to be recorded and handed to `worktree_git`.

    `empty_submodules` are paths of those that the main checkout does not have, or not with that commit.
    """

    path: Path
    branch: str
    head: str
    is_new_branch: bool
    pointer: bytes
    empty_submodules: tuple[str, ...] = ()


def create(repo: Repository, request: CreateRequest) -> Created:
    """The worktree, whole and locked; on any error whatever was made is gone again.

    Raises BadName or BadInput for names that git cannot take, BranchBusy, NotFound for an existing branch that is
    gone, RepositoryRefused for a taken path or a branch in the way, StorageFailed, GitFailed.
    """
    check_branch(repo, request.branch)
    if not request.path.is_absolute() or "\n" in str(request.path):
        raise BadInput(f"not a path for a worktree: {_shown(request.path)}", "an absolute one without line breaks is")
    with repository_lock(repo.common_dir) as held:
        locked = replace(repo.git, inherit=(held,))
        seen = heal(repo, locked, path=request.path, branch=request.branch)
        refuse_main(seen, request.branch)
        refuse_other_branch(seen, request.path, request.branch)
        _refuse_taken(seen, request)
        return _make(repo, locked, seen, request)


def take_down(repo: Repository, created: Created) -> None:
    """Undo a create that nobody has worked in: the tree, and the branch if it was new and stands where it was made."""
    with repository_lock(repo.common_dir) as held:
        git = replace(repo.git, inherit=(held,))
        _drop_tree(git, created.path, had_folder=False)
        if created.is_new_branch:
            _drop_branch(git, created.branch, created.head)


def lock(repo: Repository, path: Path, reason: str) -> bool:
    """Keep git from pruning or removing the worktree; False for one that was locked already, which stays as it is."""
    return _lock_call(repo, path, "lock", "--reason", _reason(reason))


def unlock(repo: Repository, path: Path) -> None:
    """Undo `lock`; one that is not locked stays as it is."""
    _lock_call(repo, path, "unlock")


def check_branch(repo: Repository, branch: str) -> None:
    """Raises BadName for what git does not take as the name of a branch."""
    hint = "choose another task name, or another branch template"
    if "\0" in branch or any(len(os.fsencode(part)) > _PART_BYTES for part in branch.split("/")):
        raise BadName(f"too long or not text, so no branch name: {clean_line(branch, 80)}", hint)
    if branch != "HEAD" and _PLAIN_BRANCH.fullmatch(branch):
        return  # nothing that git refuses is of this form: it need not be asked
    result = repo.git.run("check-ref-format", "--branch", branch, check=False)
    # git also expands `@{-1}`: only a name that comes back unchanged is one
    if result.exit_code != 0 or os.fsdecode(result.stdout).removesuffix("\n") != branch:
        raise BadName(f"git takes no branch of the name {clean_line(branch, 80)!r}", hint)


def _refuse_taken(seen: Snapshot, request: CreateRequest) -> None:
    branch = clean_line(request.branch)
    holder = seen.on_branch(request.branch)
    if holder is not None:
        raise BranchBusy(f"the branch {branch} is checked out in {_shown(holder.path)}", "work there, or free it first")
    head = seen.branches.get(request.branch)
    if request.existing_branch and head is None:
        raise NotFound(f"the branch {branch} is not there any more", "choose another task name to begin anew")
    if not request.existing_branch and head not in (None, request.base_commit):
        raise BranchBusy(f"the branch {branch} exists already", "choose another task name, or delete the branch")
    other = next((name for name in seen.branches if _is_inside_of(name, request.branch)), None)
    if other is not None:
        raise RepositoryRefused(
            f"the branch {clean_line(other)} exists, so git cannot make {branch} beside it",
            "rename that branch, or set another branch template",
        )
    if os.path.lexists(request.path) and not _is_empty_folder(request.path):
        raise RepositoryRefused(f"{_shown(request.path)} exists already", "move it away, or choose another task name")


def _make(repo: Repository, git: Git, seen: Snapshot, request: CreateRequest) -> Created:
    is_new = request.branch not in seen.branches
    with ExitStack() as undo:
        _make_parents(request.path.parent, undo)
        if is_new:
            _make_branch(repo, git, request)
            undo.callback(_drop_branch, git, request.branch, request.base_commit)
        had_folder = request.path.is_dir()
        undo.callback(_drop_tree, git, request.path, had_folder=had_folder)
        _add(git, request, made_branch_at=request.base_commit if is_new else None)
        pointer = verify_pointer(request.path, repo.common_dir)
        empty = _fill(repo, request, pointer)
        _write_reason(admin_dir(pointer), _reason(request.lock_reason))
        undo.pop_all()
    head = request.base_commit if is_new else seen.branches[request.branch]
    return Created(request.path, request.branch, head, is_new, pointer, empty)


def _fill(repo: Repository, request: CreateRequest, pointer: bytes) -> tuple[str, ...]:
    if not request.with_submodules:
        return ()
    return fill_submodules(repo.common_dir, request.path, pointer)


def _make_parents(folder: Path, undo: ExitStack) -> None:
    missing = [parent for parent in (folder, *folder.parents) if not parent.exists()]
    for parent in reversed(missing):
        try:
            parent.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise StorageFailed(
                f"cannot make the folder {_shown(parent)}: {error.strerror}", "is there space, and may you write there?"
            ) from error
        undo.callback(_remove_if_empty, parent)


def _make_branch(repo: Repository, git: Git, request: CreateRequest) -> None:
    ref = f"refs/heads/{request.branch}"
    absent = "0" * len(request.base_commit)  # git refuses if it is there by now: then it is not ours to roll back
    # with a reflog in a bare repository too: by it removal knows whose branch it is
    arguments = ("update-ref", "--create-reflog", "-m", MADE_BRANCH, ref, request.base_commit, absent)
    patient = git.with_config({"core.filesRefLockTimeout": str(_REF_LOCK_MILLISECONDS)})
    if patient.run(*arguments, check=False).exit_code == 0:
        return
    # A ref is locked for moments, and nobody else makes this one while we hold the repository's lock: a killed git
    # left that file if it outlasted git's own patience.
    repo.common_dir.joinpath(f"{ref}.lock").unlink(missing_ok=True)
    git.run(*arguments)


def _add(git: Git, request: CreateRequest, *, made_branch_at: str | None) -> None:
    # The branch exists by now, so there is nothing that git could set to track a remote one.
    add = (
        "worktree",
        "add",
        "--lock",
        "--reason",
        making_reason(made_branch_at),
        "--",
        str(request.path),
        request.branch,
    )
    result = git.with_config(overrides(git, request.path)).run(*add, check=False)
    if result.exit_code != 0:
        raise _not_added(add, result, request.branch)


def _not_added(add: tuple[str, ...], result: GitResult, branch: str) -> ScopecraftError:
    held = _HELD.search(result.stderr)
    if held is not None:  # during a rebase or bisect the branch is taken though HEAD is detached
        path = clean_line(held.group(1))
        return BranchBusy(
            f"the branch {clean_line(branch)} is in use in {path}", "finish the rebase or bisect there first"
        )
    filtered = _FILTERED.search(result.stderr)
    if filtered is not None:
        path, name = (clean_line(part, 200) for part in filtered.groups())
        return RepositoryRefused(
            f"the filter {name} failed on {path}, so no worktree can be made",
            "does it work in worktrees? make one where it does, and name it: sc dispatch --worktree PATH",
        )
    return failure(add, result)


def _write_reason(admin: Path, reason: str) -> None:
    """Replace the lock reason at once: gitrepository-layout(5) says where; unlock and lock would leave a gap."""
    fresh = admin / "locked.new"
    try:
        fresh.write_text(reason + "\n")
        fresh.replace(admin / "locked")
    except OSError as error:
        raise StorageFailed(f"cannot write {_shown(admin / 'locked')}: {error.strerror}", "free some space") from error


def _drop_tree(git: Git, path: Path, *, had_folder: bool) -> None:
    """What a failed create may have left of the tree; git has mostly done so itself."""
    if os.path.lexists(path):
        shutil.rmtree(path, ignore_errors=True)
    with suppress(ScopecraftError):
        git.run("worktree", "remove", "--force", "--force", "--", str(path), check=False)
    if had_folder:
        with suppress(OSError):
            path.mkdir()


def _drop_branch(git: Git, branch: str, commit: str) -> None:
    with suppress(ScopecraftError):
        git.run("update-ref", "-d", f"refs/heads/{branch}", commit, check=False)


def _remove_if_empty(folder: Path) -> None:
    with suppress(OSError):
        folder.rmdir()


def _lock_call(repo: Repository, path: Path, verb: str, *options: str) -> bool:
    """Whether anything changed."""
    arguments = ("worktree", verb, *options, "--", str(path))
    result = repo.git.run(*arguments, check=False)
    if result.exit_code == 0 or "is already locked" in result.stderr or "is not locked" in result.stderr:
        return result.exit_code == 0
    if "is not a working tree" in result.stderr:
        raise NotFound(f"git knows no worktree at {_shown(path)}", "git worktree list shows them")
    raise failure(arguments, result)


def _is_inside_of(name: str, other: str) -> bool:
    """Whether one needs a folder where the other needs a file."""
    return name.startswith(f"{other}/") or other.startswith(f"{name}/")


def _reason(text: str) -> str:
    line = clean_line(text, 200)
    return line if line.startswith(OURS) else f"{OURS}: {line}"


def _is_empty_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink() and next(path.iterdir(), None) is None


def _shown(path: Path) -> str:
    return clean_line(str(path))
