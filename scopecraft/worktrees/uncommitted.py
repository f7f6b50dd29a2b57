"""What a worktree holds beyond its HEAD: listed by git, and written down as a git tree byte for byte.

Safe on a tree that an agent wrote, once its session is settled: nothing that the tree or a configuration names is run
(`nested.clear_nested` must have moved away pipes by the name of `.gitignore`, for which git waits for ever).
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from scopecraft.atomic import storage_failed
from scopecraft.worktrees.alternates import alternates_file
from scopecraft.worktrees.blob_pack import Blob, BlobPack, Tree, WhyLeft
from scopecraft.worktrees.filters import all_off
from scopecraft.worktrees.git import Git
from scopecraft.worktrees.nested import is_git_name
from scopecraft.worktrees.pointer import admin_dir, check_pointer
from scopecraft.worktrees.repository import Repository

_GIT_SECONDS = 120
# What an agent can use to hide a change: folders whose time it set back, files that git is told not to look at.
_LOOK_CLOSELY = {"core.untrackedCache": "false", "core.trustctime": "true", "core.checkStat": "default"}
# Names that git would refuse on other systems are files here; of `.git` itself there is none in a listing.
_ANY_NAME = {"core.protectNTFS": "false", "core.protectHFS": "false"}

Kind = Literal["modified", "deleted", "untracked"]


@dataclass(frozen=True, slots=True)
class Changes:
    """Paths relative to the worktree, with `/`; bytes that are not UTF-8 are surrogates. Each is sorted.

    `staged` differ between HEAD and the index, `modified` and `deleted` between the index and the disk; `unmerged` are
    conflicts. `hidden` are files on disk that git was told not to look at (assume-unchanged, skip-worktree): they may
    have changed. `untracked` are files; a repository of its own is in `repositories`, and what is in it is not looked
    at. Of `ignored` a whole folder ends in `/`.
    """

    staged: tuple[str, ...] = ()
    modified: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()
    untracked: tuple[str, ...] = ()
    unmerged: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    repositories: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()

    @property
    def is_clean(self) -> bool:
        """Nothing beyond HEAD; what is ignored or hidden does not count."""
        return not (
            self.staged or self.modified or self.deleted or self.untracked or self.unmerged or self.repositories
        )


@dataclass(frozen=True, slots=True)
class Left:
    """What a tree of git cannot hold, or was too large to be put there."""

    path: str
    why: WhyLeft


@dataclass(frozen=True, slots=True)
class WorkingState:
    """`tree` is the id of everything that the worktree holds but what is ignored, and `left`.

    `files` are those that were read from the disk; every other path in the tree is as in the index.
    """

    tree: str
    index_tree: str | None  # of what is staged; None while there are conflicts
    files: tuple[Blob, ...] = ()
    deleted: tuple[str, ...] = ()
    left: tuple[Left, ...] = ()


@dataclass(slots=True)
class _Listing:
    of: dict[str, list[str]] = field(default_factory=dict)

    def add(self, kind: str, path: str) -> None:
        self.of.setdefault(kind, []).append(path)

    def value(self) -> Changes:
        return Changes(**{kind: tuple(sorted(paths)) for kind, paths in self.of.items()})


def uncommitted_git(worktree: Path, pointer: bytes) -> Git:
    """Git in the worktree with every filter off, also a person's own: a file is what its bytes are.

    Raises UnsafeTree, as `checkout.worktree_git` does.
    """
    check_pointer(worktree, pointer)
    git = Git(worktree, git_dir=admin_dir(pointer), work_tree=worktree, pointer=pointer)
    return git.with_config({**all_off(git), **_LOOK_CLOSELY})


def changes(git: Git, *, with_ignored: bool = True) -> Changes:
    """What the worktree of that git (of `uncommitted_git`) holds beyond HEAD. Locks nothing, writes nothing.

    Raises UnsafeTree, GitFailed.
    """
    listing = _Listing()
    ignored = "matching" if with_ignored else "no"
    options = ("--porcelain=v2", "-z", "--no-renames", "--untracked-files=all", f"--ignored={ignored}")
    for record in git.records("status", *options, timeout_seconds=_GIT_SECONDS):
        _read(os.fsdecode(record), listing)
    for path in _hidden(git):
        listing.add("hidden", path)
    return listing.value()


def _read(record: str, listing: _Listing) -> None:
    """One record of `git status --porcelain=v2 -z`."""
    sign, _, rest = record.partition(" ")
    if sign == "?":
        listing.add("repositories" if rest.endswith("/") else "untracked", rest)
    elif sign == "!":
        listing.add("ignored", rest)
    elif sign == "u":
        listing.add("unmerged", rest.split(" ", 9)[9])
    elif sign == "1":
        words = rest.split(" ", 7)
        path, index, disk = words[7], words[0][0], words[0][1]
        if index != ".":
            listing.add("staged", path)
        if disk == "D":
            listing.add("deleted", path)
        elif disk != ".":
            listing.add("modified", path)


def _hidden(git: Git) -> Iterator[str]:
    """Files on disk behind a flag: lower case is assume-unchanged, S is skip-worktree."""
    flagged = []
    for record in git.records("ls-files", "-v", "-z", timeout_seconds=_GIT_SECONDS):
        tag, path = record[:1], os.fsdecode(record[2:])
        if tag.islower() or tag == b"S":
            flagged.append(path)
    if flagged:
        with Tree(git.work_tree or git.directory) as tree:
            yield from (path for path in flagged if _is_there(tree, path))


def _is_there(tree: Tree, path: str) -> bool:
    try:
        tree.stat(path)
    except OSError:
        return False
    return True


@contextmanager
def throwaway_store(repo: Repository, *, inside: bool = False) -> Iterator[Path]:
    """An object folder that borrows from the repository; gone afterwards, with all that was put there.

    A git sees it with `GIT_OBJECT_DIRECTORY` set to it. It stands among temporary files, or `inside` the repository's
    own store, where git itself removes it one day should we be killed.
    """
    place = repo.objects_dir if inside else Path(tempfile.gettempdir())
    try:
        folder = Path(tempfile.mkdtemp(prefix="tmp_objdir-scopecraft-", dir=place))
    except OSError as error:
        raise storage_failed(error, place) from error
    try:
        (folder / "info").mkdir()
        (folder / "info" / "alternates").write_bytes(alternates_file((repo.objects_dir,)))
        yield folder
    except OSError as error:
        raise storage_failed(error, folder) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def working_state(
    repo: Repository, git: Git, found: Changes, *, store: Path | None = None, largest_bytes: int | None = None
) -> WorkingState:
    """The files on disk as a tree in `store` (an object folder such as `throwaway_store`), else in the repository.

    `git` is of `uncommitted_git`, `found` its `changes`. Files beyond `largest_bytes` are left out, and said to be.
    The worktree and its index are not written to. Raises GitFailed, StorageFailed, UnsafeTree.
    """
    keeping = git.with_env(GIT_OBJECT_DIRECTORY=str(store)) if store else git
    pack = BlobPack(store or repo.objects_dir, repo.object_format)
    try:
        files, gone, left = _take_all(pack, git.work_tree or git.directory, found, largest_bytes)
        pack.hand_over(keeping)
    finally:
        pack.close()
    left += [Left(path, "repository") for path in found.repositories]
    tree, index_tree = _write_trees(keeping, files, gone, has_conflicts=bool(found.unmerged))
    return WorkingState(tree, index_tree, tuple(files), tuple(gone), tuple(left))


def _take_all(
    pack: BlobPack, worktree: Path, found: Changes, largest_bytes: int | None
) -> tuple[list[Blob], list[str], list[Left]]:
    """What could be read, what is not there, and what was left out."""
    files: list[Blob] = []
    gone = list(found.deleted)
    left: list[Left] = []
    named_git = {path for path in found.untracked if _has_git_name(path)}
    left += [Left(path, "repository") for path in sorted(named_git)]
    paths = sorted({*found.modified, *found.untracked, *found.hidden, *found.unmerged} - named_git)
    with Tree(worktree) as tree:
        for path in paths:
            taken = pack.take(tree, path, largest_bytes)
            if isinstance(taken, Blob):
                files.append(taken)
            elif _is_there(tree, path):
                left.append(Left(path, taken))
            else:
                gone.append(path)
    return files, gone, left


def _has_git_name(path: str) -> bool:
    """Whether a part of it is `.GIT` or the like: git lists such files, and takes none of them into a tree."""
    if path.isascii() and ".git" not in path.casefold():
        return False
    return any(is_git_name(part) for part in path.split("/"))


def _write_trees(
    git: Git, files: Iterable[Blob], gone: Iterable[str], *, has_conflicts: bool
) -> tuple[str, str | None]:
    """By a copy of the index, so that nobody's lock is in the way and nobody's index changes."""
    with tempfile.TemporaryDirectory(prefix="scopecraft-index-") as folder:
        index = Path(folder) / "index"
        _copy_index(git, index)
        apart = git.with_env(GIT_INDEX_FILE=str(index)).with_config({**_ANY_NAME, "core.splitIndex": "false"})
        index_tree = None if has_conflicts else apart.text("write-tree")
        lines = [f"{file.mode} {file.id} 0\t{file.path}\0" for file in files]
        null = "0" * (len(index_tree) if index_tree else 40)
        lines += [f"0 {null} 0\t{path}\0" for path in gone]
        if not lines and index_tree is not None:
            return index_tree, index_tree
        apart.run("update-index", "-z", "--index-info", input=os.fsencode("".join(lines)))
        return apart.text("write-tree"), index_tree


def tree_of(git: Git, files: Iterable[Blob]) -> str:
    """The id of a tree with these files and no others, in the object store of that git."""
    with tempfile.TemporaryDirectory(prefix="scopecraft-index-") as folder:
        apart = git.with_env(GIT_INDEX_FILE=str(Path(folder) / "index")).with_config(_ANY_NAME)
        lines = "".join(f"{file.mode} {file.id} 0\t{file.path}\0" for file in files)
        apart.run("update-index", "-z", "--index-info", input=os.fsencode(lines))
        return apart.text("write-tree")


def _copy_index(git: Git, target: Path) -> None:
    """An unborn branch has no index yet."""
    assert git.git_dir is not None
    try:
        shutil.copyfile(git.git_dir / "index", target)
    except FileNotFoundError:
        return
    except OSError as error:
        raise storage_failed(error, target) from error
