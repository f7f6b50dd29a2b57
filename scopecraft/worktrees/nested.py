"""Repositories inside a worktree that an agent made: a person's plain `git status` would run what they configure.

A `.git` behind a gitlink names filters, hooks and an fsmonitor of its own. What is new, or was touched since the
session began, is moved to the session's folder before anyone runs git there; nothing is deleted.
"""

from __future__ import annotations

import os
import stat
import unicodedata
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from scopecraft.atomic import private_folder, storage_failed

_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Findings:
    """Paths relative to the worktree: of moved `.git`s with where they are now, of folders that look like bare ones."""

    moved: tuple[tuple[str, Path], ...] = ()
    bare: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Found:
    path: str  # relative
    is_bare: bool = False
    is_unreadable: bool = False


def clear_nested(worktree: Path, into: Path, *, since_ns: int | None) -> Findings:
    """Move every nested `.git` that changed since then to the folder `into`; None: since ever.

    Nobody else may write in the worktree meanwhile. Raises StorageFailed.
    """
    try:
        root = os.open(worktree, _FLAGS | os.O_DIRECTORY)
    except OSError as error:
        raise storage_failed(error, worktree) from error
    try:
        found = [item for item in _walk(root) if item.is_unreadable or _is_changed(root, item, since_ns)]
        return Findings(
            moved=tuple(
                (item.path, _move(root, item.path, into)) for item in found if not item.is_bare | item.is_unreadable
            ),
            bare=tuple(item.path for item in found if item.is_bare),
            unreadable=tuple(item.path for item in found if item.is_unreadable),
        )
    finally:
        os.close(root)


def is_git_name(name: str) -> bool:
    """`.git` for any file system that a person may use: case folded, invisible characters ignored."""
    if name.isascii():
        return name.casefold() == ".git"
    seen = "".join(c for c in name if unicodedata.category(c) != "Cf")
    return seen.casefold() == ".git"


def _walk(root: int) -> Iterator[_Found]:
    """Relative paths only: git reaches no deeper ones, and an absolute one may be too long."""
    device = os.fstat(root).st_dev
    waiting = [""]
    while waiting:
        folder = waiting.pop()
        try:
            names, folders = _list(root, folder, device)
        except OSError:
            yield _Found(folder, is_unreadable=True)
            continue
        if folder and "HEAD" in names and ("commondir" in names or names >= {"objects", "refs"}):
            yield _Found(folder, is_bare=True)
        for name in names:
            if is_git_name(name) and (folder or name != ".git"):
                yield _Found(f"{folder}/{name}" if folder else name)
        inner = (name for name in folders if not is_git_name(name))
        waiting += [f"{folder}/{name}" if folder else name for name in inner]


def _list(root: int, folder: str, device: int) -> tuple[set[str], list[str]]:
    """Names in a folder, and those of them that are folders; nothing of another file system."""
    descriptor = _open_folder(root, folder)
    try:
        if os.fstat(descriptor).st_dev != device:
            return set(), []
        with os.scandir(descriptor) as entries:
            listed = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
    finally:
        os.close(descriptor)
    return {name for name, _ in listed}, [name for name, is_folder in listed if is_folder]


def _open_folder(root: int, folder: str) -> int:
    try:
        return os.open(folder or ".", _FLAGS | os.O_DIRECTORY, dir_fd=root)
    except PermissionError:
        # a folder that its owner may not enter hides what is in it until someone changes that
        os.chmod(folder, 0o700, dir_fd=root)
        return os.open(folder, _FLAGS | os.O_DIRECTORY, dir_fd=root)


def _is_changed(root: int, item: _Found, limit_ns: int | None) -> bool:
    """Whether anything of it was made or touched since: a ctime cannot be set back from inside."""
    if limit_ns is None:
        return True
    if item.is_bare:
        parts = (item.path, f"{item.path}/HEAD", f"{item.path}/config")
        return any(_ctime(root, part) >= limit_ns for part in parts)
    return _has_newer(root, item.path, limit_ns)


def _has_newer(root: int, path: str, limit_ns: int) -> bool:
    waiting = [path]
    while waiting:
        current = waiting.pop()
        info = os.stat(current, dir_fd=root, follow_symlinks=False)
        if info.st_ctime_ns >= limit_ns or stat.S_ISLNK(info.st_mode):
            return True  # a link: what it leads to may have changed
        if stat.S_ISDIR(info.st_mode):
            try:
                names, _ = _list(root, current, info.st_dev)
            except OSError:
                return True
            waiting += [f"{current}/{name}" for name in names]
    return False


def _ctime(root: int, path: str) -> int:
    try:
        return os.stat(path, dir_fd=root, follow_symlinks=False).st_ctime_ns
    except OSError:
        return 0


def _move(root: int, path: str, into: Path) -> Path:
    """To `<into>/<n>-<path>`, or beside itself under another name where that is another file system."""
    private_folder(into)
    number = 1
    label = os.fsdecode(os.fsencode(path).replace(b"/", b"-")[-150:])
    while os.path.lexists(target := into / f"{number:03d}-{label}"):
        number += 1
    try:
        os.rename(path, target, src_dir_fd=root)
    except OSError:
        beside = f"{path}-moved-{number}"
        try:
            os.rename(path, beside, src_dir_fd=root, dst_dir_fd=root)
        except OSError as error:
            raise storage_failed(error, Path(path)) from error
        _defuse(root, beside)
        return Path(beside)
    _defuse(root, str(target))
    return target


def _defuse(root: int, path: str) -> None:
    """Without HEAD it is no repository to git, so a prompt that asks git in there runs nothing."""
    with suppress(OSError):
        folder = os.open(path, _FLAGS | os.O_DIRECTORY, dir_fd=root)  # a link may lead to a person's repository
        try:
            os.rename("HEAD", "HEAD.moved", src_dir_fd=folder, dst_dir_fd=folder)
        finally:
            os.close(folder)
