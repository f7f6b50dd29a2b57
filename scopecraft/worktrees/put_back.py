"""A pinned worktree made anew: its branch, what was staged, and every file as it was on the disk."""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from scopecraft.atomic import storage_failed
from scopecraft.errors import BranchBusy, GitFailed, RepositoryRefused
from scopecraft.model.text import clean_line
from scopecraft.worktrees.blob_pack import Blob
from scopecraft.worktrees.checkout import worktree_git
from scopecraft.worktrees.git import Git, failure
from scopecraft.worktrees.index import LOCK_PATIENCE_SECONDS
from scopecraft.worktrees.pin import LARGEST_BYTES, Pin, PinnedFile, files_of, is_whole
from scopecraft.worktrees.pointer import admin_dir, verify_pointer
from scopecraft.worktrees.repository import Repository
from scopecraft.worktrees.snapshot import snapshot
from scopecraft.worktrees.tree_writer import TreeWriter
from scopecraft.worktrees.uncommitted import changes, throwaway_store, uncommitted_git, working_state
from scopecraft.worktrees.worktree import CreateRequest, create

_SHORT_SECONDS = 0.05
_BATCH_BYTES = 64 << 20  # of files held in memory at a time


@dataclass(frozen=True, slots=True)
class Place:
    """Where a pinned worktree is to stand, on which branch, and what its lock says."""

    path: Path
    branch: str
    lock_reason: str


def refuse_taken(repo: Repository, pinned: Pin, place: Place) -> None:
    """Raises BranchBusy or RepositoryRefused where the worktree cannot come back as it was."""
    if not is_whole(repo, pinned):
        raise RepositoryRefused(
            f"the pin of {clean_line(pinned.branch)} is not in {clean_line(str(repo.path))} any more",
            "was the repository cloned anew, or refs/scopecraft deleted?",
        )
    seen = snapshot(repo)
    shown = clean_line(place.branch)
    holder = seen.on_branch(place.branch)
    if holder is not None and holder.path != place.path:
        raise BranchBusy(
            f"the branch {shown} is checked out in {clean_line(str(holder.path))}", "restore it beside that: --as NAME"
        )
    tip = seen.branches.get(place.branch)
    if tip is not None and tip != (pinned.branch_tip or pinned.head):
        raise BranchBusy(f"the branch {shown} exists, with other commits", "restore it beside that: --as NAME")


def put_back(repo: Repository, pinned: Pin, place: Place) -> bool:
    """The worktree with all that was pinned; whether it came out the same, read back from the disk.

    Repeatable: what an interrupted call made is gone on with. Raises what `create` raises, GitFailed, StorageFailed.
    """
    was_there = os.path.lexists(place.path / ".git")
    pointer = _worktree(repo, pinned, place)
    git = worktree_git(place.path, pointer)
    if pinned.work is None:
        _refresh(git, place.path, pointer)
        return True
    if was_there:
        _refuse_newer(repo, pinned, place.path, pointer)
    _read_tree(git, f"{pinned.work}^2^{{tree}}")
    _set_head(repo, git, pinned, place)
    with TreeWriter(place.path) as writer:
        for path in _deleted(repo, pinned):
            writer.remove(path)
        for file, content in _contents(repo, files_of(repo, pinned)):
            writer.write(file.path, file.mode, content)
    _refresh(git, place.path, pointer)
    return _is_same(repo, pinned, place.path, pointer)


def _refresh(git: Git, worktree: Path, pointer: bytes) -> None:
    """Let git see that the files are as the index has them, once and for all.

    It reads those of the same second as the index again and again. We do so without filters, and then one of git-lfs
    would look changed.
    """
    if (worktree / ".gitattributes").is_file():
        written = (admin_dir(pointer) / "index").stat().st_mtime
        while time.time() < int(written) + 1:
            time.sleep(_SHORT_SECONDS)
    git.run("update-index", "-q", "--refresh", check=False)


def put_aside_back(worktree: Path, kept: Path, paths: Iterable[str]) -> tuple[str, ...]:
    """Move what was set aside to where it was; those for which there is no room stay, and are named."""
    stuck = []
    with TreeWriter(worktree) as writer:
        for path in paths:
            source = kept / path
            if os.path.lexists(source) and not writer.move_in(source, path.rstrip("/")):
                stuck.append(path)
    return tuple(stuck)


def put_modules_back(worktree: Path, modules: Path) -> bool:
    """The git folders of its submodules; False where git has given the worktree another name, so they do not fit."""
    if not modules.is_dir():
        return True
    target = admin_dir((worktree / ".git").read_bytes()) / "modules"
    if target.exists():
        return False
    try:
        shutil.move(modules, target)
    except OSError as error:
        raise storage_failed(error, target) from error
    return True


def _worktree(repo: Repository, pinned: Pin, place: Place) -> bytes:
    seen = snapshot(repo)
    known = next((tree for tree in seen.worktrees if tree.path == place.path.parent.resolve() / place.path.name), None)
    if known is not None and not known.is_missing and not known.is_half_made:
        return verify_pointer(place.path, repo.common_dir)
    tip = pinned.branch_tip or pinned.head
    if tip is None:
        raise RepositoryRefused(f"nothing of the branch {clean_line(pinned.branch)} was there to be kept")
    # a branch that is there already, at this commit, is taken as it is
    # its submodules come back as they were, not as the main checkout has them
    request = CreateRequest(place.path, place.branch, tip, place.lock_reason, with_submodules=False)
    return create(repo, request).pointer


def _refuse_newer(repo: Repository, pinned: Pin, worktree: Path, pointer: bytes) -> None:
    """In what an interrupted call left somebody may have worked since; nothing of theirs is written over."""
    git = uncommitted_git(worktree, pointer)
    with throwaway_store(repo) as store:
        found = changes(git, with_ignored=False)
        there = working_state(repo, git, found, store=store, largest_bytes=LARGEST_BYTES).files
    ours = {file.path: file for file in files_of(repo, pinned)}
    odd = [file for file in there if file.path not in ours or file.id != ours[file.path].id]
    if not odd:
        return
    known = [_entries(repo.git, tree) for tree in (f"{pinned.work}^2", pinned.head) if tree]
    for file in odd:
        mine = ours.get(file.path)
        own = {entries[file.path] for entries in known if file.path in entries}
        is_in_the_way = mine is not None or bool(own)
        if is_in_the_way and file.id not in own and not (mine and _is_beginning(repo, file, mine)):
            raise RepositoryRefused(
                f"{clean_line(file.path)} in {clean_line(str(worktree))} was changed since the restore was interrupted",
                "move it out of there, and go on with the restore",
            )


def _entries(git: Git, tree: str) -> dict[str, str]:
    """Ids by path."""
    records = (
        os.fsdecode(record).partition("\t") for record in git.records("ls-tree", "-r", "-z", "--full-tree", tree)
    )
    return {path: facts.split(" ")[2] for facts, _, path in records}


def _is_beginning(repo: Repository, file: Blob, whole: PinnedFile) -> bool:
    """Whether it is as much of the file as was written when its writer was killed."""
    if file.seen.size >= whole.size:
        return False
    content = repo.git.run("cat-file", "blob", whole.id).stdout[: file.seen.size]
    begun = hashlib.new(repo.object_format, b"blob %d\0" % len(content) + content, usedforsecurity=False)
    return begun.hexdigest() == file.id


def _read_tree(git: Git, tree: str) -> None:
    """Waits for the git of a command that was killed: it may still be at work here."""
    deadline = time.monotonic() + LOCK_PATIENCE_SECONDS
    reading = ("read-tree", "--reset", "-u", tree)
    while (result := git.run(*reading, check=False)).exit_code != 0:
        if "index.lock': File exists" not in result.stderr or time.monotonic() > deadline:
            raise failure(reading, result)
        time.sleep(0.05)


def _set_head(repo: Repository, git: Git, pinned: Pin, place: Place) -> None:
    """Onto what was checked out; a branch that has moved on, or is in use, leaves HEAD at the commit."""
    assert pinned.head is not None
    if pinned.head_ref == f"refs/heads/{pinned.branch}":
        return
    seen = snapshot(repo)
    other = (pinned.head_ref or "").removeprefix("refs/heads/")
    holder = seen.on_branch(other)
    if other and seen.branches.get(other) == pinned.head and (holder is None or holder.path == place.path):
        git.run("symbolic-ref", "HEAD", f"refs/heads/{other}")
    else:
        git.run("update-ref", "--no-deref", "HEAD", pinned.head)


def _deleted(repo: Repository, pinned: Pin) -> list[str]:
    """What was staged and not on the disk."""
    fields = repo.git.records(
        *("diff-tree", "-r", "-z", "--name-status", "--no-renames", f"{pinned.work}^2", f"{pinned.work}")
    )
    pairs = [(status, os.fsdecode(path)) for status, path in zip(fields, fields, strict=True)]
    return [path for status, path in pairs if status == b"D"]


def _contents(repo: Repository, files: list[PinnedFile]) -> Iterator[tuple[PinnedFile, bytes]]:
    batch: list[PinnedFile] = []
    size = 0
    for file in files:
        if batch and size + file.size > _BATCH_BYTES:
            yield from zip(batch, _read(repo.git, batch), strict=True)
            batch, size = [], 0
        batch.append(file)
        size += file.size
    yield from zip(batch, _read(repo.git, batch), strict=True)


def _read(git: Git, files: list[PinnedFile]) -> Iterator[bytes]:
    if not files:
        return
    output = git.run("cat-file", "--batch", input="".join(f"{file.id}\n" for file in files).encode()).stdout
    start = 0
    for file in files:
        end = output.index(b"\n", start)
        words = output[start:end].split()
        if words[1:] != [b"blob", b"%d" % file.size]:
            raise GitFailed(f"the pin has lost {file.path}")
        yield output[end + 1 : end + 1 + file.size]
        start = end + file.size + 2


def _is_same(repo: Repository, pinned: Pin, worktree: Path, pointer: bytes) -> bool:
    git = uncommitted_git(worktree, pointer)
    with throwaway_store(repo) as store:
        found = changes(git, with_ignored=False)
        state = working_state(repo, git, found, store=store, largest_bytes=LARGEST_BYTES)
        trees = [repo.git.text("rev-parse", f"{pinned.work}{place}^{{tree}}") for place in ("", "^2")]
        return [state.tree, state.index_tree] == trees
