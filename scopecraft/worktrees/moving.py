"""Moving a branch to another commit together with the checkout that has it, if any; whoever dies on the way is healed.

The branch moves by compare-and-swap, and that decides: before it nothing has happened, after it the files are brought
along. What is under way stands in `scopecraft-moving.json` of the repository until all of it is done.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from scopecraft.atomic import replace_file
from scopecraft.errors import BranchBusy, GitFailed, Overtaken, RepositoryRefused, ScopecraftError
from scopecraft.model.text import clean_line
from scopecraft.worktrees.checkout import operation_in
from scopecraft.worktrees.checkout_files import (
    advance,
    finish,
    index_held,
    let_go,
    refuse_unmovable,
)
from scopecraft.worktrees.git import Git
from scopecraft.worktrees.in_the_way import Checkout, refuse_in_the_way
from scopecraft.worktrees.lock import repository_lock
from scopecraft.worktrees.pointer import admin_dir, verify_pointer
from scopecraft.worktrees.repository import Repository
from scopecraft.worktrees.snapshot import snapshot

INTENT = "scopecraft-moving.json"
_PATIENT = {"core.filesRefLockTimeout": "10000", "core.packedRefsTimeout": "10000"}


@dataclass(frozen=True, slots=True)
class Move:
    """`branch` is short; `note` is the caller's, for who finishes it after a crash. `keep` are refs to make first."""

    branch: str
    before: str
    after: str
    why: str  # for the reflog
    note: Mapping[str, Any] = field(default_factory=dict)
    keep: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Intent:
    move: Move
    checkout: Checkout | None
    nonce: str


Told = Callable[[Move], None]


def move_branch(repo: Repository, move: Move, on_moved: Told) -> Path | None:
    """The checkout that went along, None without one. `on_moved` hears of it before it is forgotten that it was begun.

    All of it or nothing. Raises Overtaken where the branch is not at `before` any more, BranchBusy and Refused for
    what is in the way in its checkout, and what git raises.
    """
    with _held(repo, on_moved) as git:
        checkout = checkout_of(repo, move.branch)
        intent = _Intent(move, checkout, secrets.token_hex(8))
        _save(repo, intent)
        try:
            _carry_out(git, repo, intent)
        except BaseException:  # raised again: an interruption, too, leaves nothing half done
            _undo(git, repo, intent)
            raise
        on_moved(move)
        _forget(repo)
        return checkout.top if checkout else None


def heal(repo: Repository, on_moved: Told) -> Move | None:
    """Finish, or forget, what a killed process had begun; the move where it is finished now."""
    if not _records(repo):
        return None
    finished: list[Move] = []

    def told(move: Move) -> None:
        on_moved(move)
        finished.append(move)

    with _held(repo, told):
        return finished[0] if finished else None


def is_half_moved(common_dir: Path) -> bool:
    """Whether somebody was killed on the way, or is at it just now."""
    return (common_dir / INTENT).exists()


def checkout_of(repo: Repository, branch: str) -> Checkout | None:
    """Where the branch is checked out; None where it is not. Raises BranchBusy where it must not be moved."""
    trees = snapshot(repo).worktrees
    holders = [tree for tree in trees if tree.branch == branch and not tree.is_missing and not repo.is_bare]
    holders += [tree for tree in trees if repo.is_bare and tree.branch == branch and not tree.is_main]
    shown = clean_line(branch)
    if len(holders) > 1:
        places = ", ".join(clean_line(str(tree.path)) for tree in holders)
        raise BranchBusy(
            f"{shown} is checked out in several places: {places}", "switch to another branch in all but one"
        )
    _refuse_rebased(repo, branch)
    if not holders:
        return None
    holder = holders[0]
    if holder.is_main and repo.main_worktree is None:
        raise RepositoryRefused(f"git does not say where the checkout of {shown} is", "git config core.worktree PATH")
    if holder.is_main:
        checkout = Checkout(repo.main_worktree or holder.path, repo.common_dir, is_main=True)
    else:
        pointer = verify_pointer(holder.path, repo.common_dir)
        checkout = Checkout(holder.path, admin_dir(pointer).resolve(), is_main=False)
    if operation := operation_in(checkout.admin):
        raise BranchBusy(f"a {operation} is under way in {clean_line(str(checkout.top))}", "finish or abort it first")
    return checkout


def _refuse_rebased(repo: Repository, branch: str) -> None:
    """A rebase has no branch checked out, and moves its branch when it is done."""
    for admin in (repo.common_dir, *repo.common_dir.glob("worktrees/*")):
        for kind in ("rebase-merge", "rebase-apply"):
            with suppress(OSError):
                name = (admin / kind / "head-name").read_bytes()
                if os.fsdecode(name).strip() == f"refs/heads/{branch}":
                    raise BranchBusy(f"{clean_line(branch)} is being rebased", "finish that first, or abort it")


@contextmanager
def _held(repo: Repository, on_moved: Told) -> Iterator[Git]:
    """The repository, with nothing half done in it."""
    with repository_lock(repo.common_dir) as held:
        git = replace(repo.git, inherit=(held,)).with_config(_PATIENT)
        _finish_begun(git, repo, on_moved)
        yield git


def _carry_out(git: Git, repo: Repository, intent: _Intent) -> None:
    move, checkout = intent.move, intent.checkout
    for ref, commit in move.keep.items():
        git.run("update-ref", ref, commit)
    if checkout is None:
        _swap(git, move)
        return
    there = replace(checkout.git(repo.common_dir), inherit=git.inherit)
    refuse_in_the_way(there, checkout, move.before, move.after)
    with index_held(checkout, intent.nonce):
        refuse_unmovable(there, checkout, move.before, move.after)
        # in the checkout, whose HEAD gets its line in the reflog
        _swap(there.with_config(_PATIENT), move)
        try:
            advance(there, checkout, move.before, move.after)
        except BaseException:  # raised again
            finish(there, checkout, move.before, move.after, forward=False)
            back = ("update-ref", "-m", f"{move.why}: taken back", f"refs/heads/{move.branch}", move.before, move.after)
            there.run(*back)
            raise


def _swap(git: Git, move: Move) -> None:
    ref = f"refs/heads/{move.branch}"
    result = git.run("update-ref", "-m", move.why, ref, move.after, move.before, check=False)
    if result.exit_code != 0:
        now = _commit_at(git, ref)
        if now == move.before:
            git.run("update-ref", "-m", move.why, ref, move.after, move.before)  # its own words
            return
        raise Overtaken(
            f"{clean_line(move.branch)} has moved to {(now or 'nowhere')[:12]} meanwhile",
            "try again: it is looked at anew",
        )


def _undo(git: Git, repo: Repository, intent: _Intent) -> None:
    """Forget it where the branch stands where it stood; else it is for who comes next."""
    with suppress(ScopecraftError):
        if _commit_at(git, f"refs/heads/{intent.move.branch}") != intent.move.after:
            _forget(repo)


def _finish_begun(git: Git, repo: Repository, on_moved: Told) -> None:
    intent = _load(repo)
    if intent is None:
        _forget(repo)
        return
    move, checkout = intent.move, intent.checkout
    now = _commit_at(git, f"refs/heads/{move.branch}")
    has_moved = now == move.after or (now is not None and _holds(git, now, move.after) and now != move.before)
    if checkout is not None and checkout.top.is_dir() and checkout.admin.is_dir():
        if has_moved and _has_branch(checkout, move.branch):
            _finish_files(git, repo, intent, checkout)
        else:
            let_go(checkout, intent.nonce)
    if has_moved:
        on_moved(move)
    _forget(repo)


def _finish_files(git: Git, repo: Repository, intent: _Intent, checkout: Checkout) -> None:
    there = replace(checkout.git(repo.common_dir), inherit=git.inherit)
    try:
        with index_held(checkout, intent.nonce):
            finish(there, checkout, intent.move.before, intent.move.after, forward=True)
    except GitFailed as error:
        raise RepositoryRefused(
            f"a merge was interrupted in {clean_line(str(checkout.top))}, and cannot be finished: {error.message}",
            f"bring it in order by hand, then remove {clean_line(str(repo.common_dir / INTENT))}",
        ) from error


def _has_branch(checkout: Checkout, branch: str) -> bool:
    """Whether nobody has switched it to another one since."""
    with suppress(OSError):
        return os.fsdecode((checkout.admin / "HEAD").read_bytes()).strip() == f"ref: refs/heads/{branch}"
    return False


def _holds(git: Git, tip: str, commit: str) -> bool:
    return git.succeeds("merge-base", "--is-ancestor", commit, tip)


def _commit_at(git: Git, ref: str) -> str | None:
    found = git.run("rev-parse", "--verify", "--quiet", ref, check=False)
    return found.stdout.decode("ascii").strip() if found.exit_code == 0 else None


def _save(repo: Repository, intent: _Intent) -> None:
    row = asdict(intent)
    if intent.checkout is not None:
        row["checkout"] |= {"top": str(intent.checkout.top), "admin": str(intent.checkout.admin)}
    replace_file(repo.common_dir / INTENT, json.dumps(row, indent=2).encode() + b"\n")


def _load(repo: Repository) -> _Intent | None:
    file = repo.common_dir / INTENT
    try:
        row = json.loads(file.read_bytes())
        place = row["checkout"]
        checkout = Checkout(Path(place["top"]), Path(place["admin"]), place["is_main"]) if place else None
        return _Intent(Move(**row["move"]), checkout, row["nonce"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RepositoryRefused(
            f"{clean_line(str(file))} cannot be read: {clean_line(str(error), 120)}",
            "a merge was interrupted there: see what git status says, then remove that file",
        ) from error


def _forget(repo: Repository) -> None:
    for record in _records(repo):
        record.unlink(missing_ok=True)


def _records(repo: Repository) -> list[Path]:
    """The record, and what a process left that was killed while it wrote one."""
    return [path for path in repo.common_dir.iterdir() if INTENT in path.name]
