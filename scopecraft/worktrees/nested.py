"""What an agent can leave in a worktree so that a person's plain `git status` runs programs of its, or hangs.

A `.git` behind a gitlink names filters, hooks and an fsmonitor of its own; git waits for ever for a `.gitignore` that
is a pipe. What is new, or was touched since the session began, is moved to the session's folder before anyone runs git
there; nothing is deleted.
"""

from __future__ import annotations

import os
import stat
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from scopecraft.atomic import private_folder, storage_failed

# git opens these in any folder, and does not look whether they are files
_READ_BY_GIT = frozenset({".gitattributes", ".gitignore", ".gitmodules", ".mailmap"})
_KINDS = ("repository", "pipe", "unreadable")
_POINTER_BYTES = 8192
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Findings:
    """Paths relative to the worktree, of what was moved with where it is now.

    `pipes` are files by which git is told something, and that are no files; `bare` are folders that look like bare
    repositories, `unreadable` ones that could not be searched, `stuck` what could not be moved. All three stay.
    """

    moved: tuple[tuple[str, Path], ...] = ()
    pipes: tuple[tuple[str, Path], ...] = ()
    bare: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()
    stuck: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Found:
    path: str  # relative
    kind: Literal["repository", "pipe", "bare", "unreadable"]


@dataclass(frozen=True, slots=True)
class _Listing:
    names: frozenset[str] = frozenset()
    folders: tuple[str, ...] = ()
    specials: tuple[str, ...] = ()  # neither file, folder nor link


def clear_nested(
    worktree: Path, into: Path, *, since_ns: int | None, pointers: Mapping[str, bytes] | None = None
) -> Findings:
    """Move every nested `.git` that changed since then to the folder `into`; None: since ever.

    `pointers` are those that the host wrote for submodules, by path: they stay there, and are moved anywhere else.
    Nobody else may write in the worktree meanwhile. Raises StorageFailed.
    """
    try:
        root = os.open(worktree, _FLAGS | os.O_DIRECTORY)
    except OSError as error:
        raise storage_failed(error, worktree) from error
    try:
        known = pointers or {}
        found = [item for item in _walk(root) if _is_foreign(root, item, since_ns, known)]
        places = [(item, _move(root, item.path, into)) for item in found if item.kind in ("repository", "pipe")]
        return Findings(
            moved=tuple((item.path, place) for item, place in places if place and item.kind == "repository"),
            pipes=tuple((item.path, place) for item, place in places if place and item.kind == "pipe"),
            bare=tuple(item.path for item in found if item.kind == "bare"),
            unreadable=tuple(item.path for item in found if item.kind == "unreadable"),
            stuck=tuple(item.path for item, place in places if place is None),
        )
    finally:
        os.close(root)


@dataclass(frozen=True, slots=True)
class Strangers:
    """What git does not list though it is there; paths relative to the worktree.

    `repositories` are the `.git` of others; `pipes` stop git for ever; `unreadable` are folders of somebody else.
    """

    repositories: tuple[str, ...]
    pipes: tuple[str, ...]
    unreadable: tuple[str, ...]


def strangers_in(worktree: Path) -> Strangers:
    """Looks only, but that folders which their owner may not enter can be entered afterwards. Raises StorageFailed."""
    try:
        root = os.open(worktree, _FLAGS | os.O_DIRECTORY)
    except OSError as error:
        raise storage_failed(error, worktree) from error
    try:
        found = list(_walk(root))
    finally:
        os.close(root)
    of_kind = {kind: tuple(sorted(item.path for item in found if item.kind == kind)) for kind in _KINDS}
    return Strangers(*(of_kind[kind] for kind in _KINDS))


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
            listing = _list(root, folder, device)
        except OSError:
            yield _Found(folder, "unreadable")
            continue
        names, prefix = listing.names, f"{folder}/" if folder else ""
        if folder and "HEAD" in names and ("commondir" in names or names >= {"objects", "refs"}):
            yield _Found(folder, "bare")
        for name in names:
            if is_git_name(name) and (folder or name != ".git"):
                yield _Found(prefix + name, "repository")
        for name in listing.specials:
            if name in _READ_BY_GIT:
                yield _Found(prefix + name, "pipe")
        waiting += [prefix + name for name in listing.folders if not is_git_name(name)]


def _list(root: int, folder: str, device: int) -> _Listing:
    """What is in a folder; nothing of another file system."""
    descriptor = _open_folder(root, folder)
    try:
        info = os.fstat(descriptor)
        if info.st_dev != device:
            return _Listing()
        if info.st_uid == os.geteuid() and not info.st_mode & stat.S_IXUSR:
            os.fchmod(descriptor, stat.S_IRWXU)  # else what is in it can be listed and not looked into
        names, folders, specials = set(), [], []
        with os.scandir(descriptor) as entries:
            for entry in entries:
                names.add(entry.name)
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.name)
                elif not entry.is_file(follow_symlinks=False) and not entry.is_symlink():
                    specials.append(entry.name)
    finally:
        os.close(descriptor)
    return _Listing(frozenset(names), tuple(folders), tuple(specials))


def _open_folder(root: int, folder: str) -> int:
    try:
        return os.open(folder or ".", _FLAGS | os.O_DIRECTORY, dir_fd=root)
    except PermissionError:
        # a folder that its owner may not enter hides what is in it until someone changes that
        _open_up(root, folder)
        return os.open(folder, _FLAGS | os.O_DIRECTORY, dir_fd=root)


def _is_foreign(root: int, item: _Found, limit_ns: int | None, pointers: Mapping[str, bytes]) -> bool:
    if item.kind == "repository" and pointers:
        content = _pointer_at(root, item.path)
        if content is not None and content in pointers.values():
            # where else it stands, an agent has moved the folder around it
            return pointers.get(item.path) != content
    return _is_changed(root, item, limit_ns)


def _pointer_at(root: int, path: str) -> bytes | None:
    """None for anything but a small regular file."""
    try:
        descriptor = os.open(path, _FLAGS | os.O_NONBLOCK, dir_fd=root)
    except OSError:
        return None
    try:
        info = os.fstat(descriptor)
        return os.read(descriptor, _POINTER_BYTES) if stat.S_ISREG(info.st_mode) else None
    finally:
        os.close(descriptor)


def _is_changed(root: int, item: _Found, limit_ns: int | None) -> bool:
    """Whether anything of it was made or touched since: a ctime cannot be set back from inside."""
    if limit_ns is None or item.kind in ("pipe", "unreadable"):
        return True
    if item.kind == "bare":
        parts = (item.path, f"{item.path}/HEAD", f"{item.path}/config")
        return any(_ctime(root, part) >= limit_ns for part in parts)
    return _has_newer(root, item.path, limit_ns)


def _has_newer(root: int, path: str, limit_ns: int) -> bool:
    waiting = [path]
    while waiting:
        current = waiting.pop()
        try:
            info = os.stat(current, dir_fd=root, follow_symlinks=False)
        except OSError:
            return True
        if info.st_ctime_ns >= limit_ns or stat.S_ISLNK(info.st_mode):
            return True  # a link: what it leads to may have changed
        if stat.S_ISDIR(info.st_mode):
            try:
                listing = _list(root, current, info.st_dev)
            except OSError:
                return True
            waiting += [f"{current}/{name}" for name in listing.names]
    return False


def _ctime(root: int, path: str) -> int:
    try:
        return os.stat(path, dir_fd=root, follow_symlinks=False).st_ctime_ns
    except OSError:
        return 0


def _move(root: int, path: str, into: Path) -> Path | None:
    """To `<into>/<n>-<path>`, or beside itself under another name where that is another file system.

    None where it stays: then it is made harmless as it is, as far as that can be done. Raises StorageFailed for `into`.
    """
    private_folder(into)
    number = 1
    label = os.fsdecode(os.fsencode(path).replace(b"/", b"-")[-150:])
    while os.path.lexists(target := into / f"{number:03d}-{label}"):
        number += 1
    beside = Path(f"{path}-moved-{number}")
    if _rename(root, path, target):
        place: Path | None = target
    else:
        place = beside if _rename(root, path, beside) else None
    _defuse(root, str(place or path))
    return place


def _rename(root: int, path: str, target: Path) -> bool:
    """Relative to the root, unless it is absolute."""
    try:
        os.rename(path, target, src_dir_fd=root, dst_dir_fd=root)
    except PermissionError:
        # an agent can take the rights away from its owner: to the folder around it, and to the one that moves
        for folder in (str(Path(path).parent), path):
            _open_up(root, folder)
        with suppress(OSError):
            os.rename(path, target, src_dir_fd=root, dst_dir_fd=root)
            return True
    except OSError:
        return False
    else:
        return True
    return False


def _defuse(root: int, path: str) -> None:
    """Without HEAD it is no repository to git, so a prompt that asks git in there runs nothing."""
    _open_up(root, path)
    with suppress(OSError):
        folder = os.open(path, _FLAGS | os.O_DIRECTORY, dir_fd=root)  # a link may lead to a person's repository
        try:
            os.rename("HEAD", "HEAD.moved", src_dir_fd=folder, dst_dir_fd=folder)
        finally:
            os.close(folder)


def _open_up(root: int, folder: str) -> None:
    """Its owner may do everything in it, where it is a folder of ours; nothing happens through a link."""
    with suppress(OSError):
        # to open it for reading needs the very right that is missing
        descriptor = os.open(folder, os.O_PATH | os.O_NOFOLLOW | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=root)
        try:
            Path(f"/proc/self/fd/{descriptor}").chmod(stat.S_IRWXU)
        finally:
            os.close(descriptor)
