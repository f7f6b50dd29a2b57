"""`.worktreeinclude`: patterns in the form of `.gitignore` for files that git does not carry, such as `.env`.

Neither side's symlinks are followed: the checkout of a mission may hold a link that an earlier agent committed.
"""

from __future__ import annotations

import os
import shutil
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from scopecraft.model.text import clean_line
from scopecraft.worktrees.git import Git
from scopecraft.worktrees.repository import Repository

FILE_NAME = ".worktreeinclude"
_PATTERN_BYTES = 64 * 1024
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Bounds:
    """What is beyond them is left out and named."""

    files: int = 20_000
    total_bytes: int = 1024**3


@dataclass(frozen=True, slots=True)
class Skipped:
    path: str
    why: str


@dataclass(frozen=True, slots=True)
class Included:
    """Paths are relative to the worktree, as the file system has them: clean them before showing."""

    copied: tuple[str, ...] = ()
    skipped: tuple[Skipped, ...] = ()


class _NotCopied(Exception):
    """One file stays behind; the text says why."""


def copy_included(repo: Repository, worktree: Path, bounds: Bounds | None = None) -> Included:
    """Copy what `.worktreeinclude` of the main checkout names and git does not track; nothing is overwritten.

    A file that cannot be copied is skipped with the reason. Raises only GitFailed and its like.
    """
    main = repo.main_worktree
    if main is None or not os.path.lexists(main / FILE_NAME):
        return Included()
    reason = _unusable(main / FILE_NAME)
    if reason is not None:
        return Included(skipped=(Skipped(FILE_NAME, reason),))
    return _copy_all(main, worktree, _matching(repo, main), bounds or Bounds())


def _unusable(patterns: Path) -> str | None:
    try:
        facts = patterns.lstat()
    except OSError as error:
        return error.strerror or "cannot be read"
    if not stat.S_ISREG(facts.st_mode):
        return "not a regular file"
    return f"longer than {_PATTERN_BYTES} bytes" if facts.st_size > _PATTERN_BYTES else None


def _matching(repo: Repository, main: Path) -> list[str]:
    git = Git(main, git_dir=repo.common_dir, work_tree=main)
    listing = git.run("ls-files", "-z", "--others", "--ignored", f"--exclude-from={main / FILE_NAME}").stdout
    return [os.fsdecode(name) for name in listing.split(b"\0") if name]


def _copy_all(main: Path, worktree: Path, names: list[str], bounds: Bounds) -> Included:
    copied: list[str] = []
    skipped: list[Skipped] = []
    room = bounds.total_bytes
    for name in names[: bounds.files]:
        try:
            room -= _copy(main, worktree, name, room)
            copied.append(name)
        except _NotCopied as reason:
            skipped.append(Skipped(name, str(reason)))
        except OSError as error:
            skipped.append(Skipped(name, error.strerror or "cannot be copied"))
    if len(names) > bounds.files:
        left = len(names) - bounds.files
        skipped.append(Skipped(names[bounds.files], f"and {left - 1} more: over {bounds.files} files match"))
    return Included(tuple(copied), tuple(skipped))


def _copy(main: Path, worktree: Path, name: str, room: int) -> int:
    """The number of bytes copied; raises _NotCopied or OSError, and leaves no part of a file then."""
    parts = name.split("/")
    if any(part.lower() == ".git" or part in ("", ".", "..") for part in parts):
        raise _NotCopied("a repository of its own is not copied")
    folders, leaf = parts[:-1], parts[-1]
    with _open_source(main, folders, leaf) as source:
        facts = os.fstat(source.fileno())
        if not stat.S_ISREG(facts.st_mode):
            raise _NotCopied("not a regular file")
        if facts.st_size > room:
            raise _NotCopied("more than may be copied altogether")
        target = _walk(worktree, folders, make=True)
        try:
            _write(source, target, leaf, stat.S_IMODE(facts.st_mode) & 0o777)
        finally:
            os.close(target)
        return facts.st_size


def _open_source(main: Path, folders: list[str], leaf: str) -> BinaryIO:
    folder = _walk(main, folders, make=False)
    try:
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        return os.fdopen(os.open(leaf, flags, dir_fd=folder), "rb")
    except OSError as error:
        raise _NotCopied(_why(folder, leaf, error)) from error
    finally:
        os.close(folder)


def _write(source: BinaryIO, folder: int, leaf: str, mode: int) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        descriptor = os.open(leaf, flags, 0o600, dir_fd=folder)
    except FileExistsError as error:
        raise _NotCopied("there is one in the worktree") from error
    try:
        with os.fdopen(descriptor, "wb") as target:
            shutil.copyfileobj(source, target)
            os.fchmod(target.fileno(), mode)
    except OSError:
        with suppress(OSError):
            os.unlink(leaf, dir_fd=folder)
        raise


def _walk(root: Path, folders: list[str], *, make: bool) -> int:
    """A descriptor of the folder, no link followed on the way; the caller closes it."""
    current = os.open(root, _FOLDER)
    for name in folders:
        parent = current
        try:
            if make:
                with suppress(FileExistsError):
                    os.mkdir(name, dir_fd=parent)
            current = os.open(name, _FOLDER, dir_fd=parent)
        except OSError as error:
            raise _NotCopied(_why(parent, name, error)) from error
        finally:
            os.close(parent)
    return current


def _why(folder: int, name: str, error: OSError) -> str:
    with suppress(OSError):
        if stat.S_ISLNK(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
            return f"{clean_line(name)} is a symbolic link"
    return error.strerror or "cannot be opened"
