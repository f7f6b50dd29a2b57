"""Taking a worktree away in steps that can each be repeated: set apart, looked at again, emptied, forgotten by git.

A folder that is to go is renamed first. Nobody finds it by its path from then on, what was pinned can be compared with
what is there, and until then one rename brings it back.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from scopecraft.atomic import private_folder, storage_failed
from scopecraft.errors import GitFailed, NotPinned
from scopecraft.worktrees.git import failure
from scopecraft.worktrees.lock import repository_lock
from scopecraft.worktrees.repository import Repository

SMALL_BYTES = 10 << 20  # an ignored file or folder up to this size is kept without being asked for: `.env`
SMALL_FILES = 1000  # and with no more files than this: not `node_modules`
ALL_SMALL_BYTES = 100 << 20  # of all that is kept so
_MOUNTS = Path("/proc/self/mountinfo")
_ESCAPED = re.compile(rb"\\([0-7]{3})")  # spaces in it
_PATIENT = {"core.filesRefLockTimeout": "10000", "core.packedRefsTimeout": "10000"}


@dataclass(frozen=True, slots=True)
class Weight:
    """What a path of a worktree holds, links not followed; `repositories` are git's in it."""

    path: str
    files: int
    bytes: int
    repositories: int = 0

    @property
    def is_small(self) -> bool:
        return self.bytes <= SMALL_BYTES and self.files <= SMALL_FILES


def weigh(worktree: Path, path: str) -> Weight:
    """What cannot be read counts as nothing."""
    files, size, repositories = 0, 0, 0
    waiting = [worktree / path]
    with suppress(OSError):
        if not waiting[0].is_dir() or waiting[0].is_symlink():
            return Weight(path, 1, waiting[0].lstat().st_size)
    while waiting:
        with suppress(OSError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                repositories += entry.name == ".git"
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(Path(entry.path))
                else:
                    files += 1
                    size += entry.stat(follow_symlinks=False).st_size
    return Weight(path, files, size, repositories)


def small_ones(weights: Iterable[Weight]) -> tuple[Weight, ...]:
    """Those that are kept without a word, the smallest first while there is room for them."""
    kept, total = [], 0
    for weight in sorted(weights, key=lambda weight: (weight.bytes, weight.path)):
        if weight.is_small and not weight.repositories and total + weight.bytes <= ALL_SMALL_BYTES:
            kept.append(weight)
            total += weight.bytes
    return tuple(kept)


def set_apart(worktree: Path, frozen: Path) -> None:
    """Rename the worktree's folder. Raises NotPinned where that, or something in it, is another file system."""
    mounted = next(_mounts_below(worktree.resolve()), None)
    if mounted is not None:
        raise NotPinned(f"{mounted} is mounted there, so nothing was removed", f"unmount it first: umount {mounted}")
    try:
        worktree.rename(frozen)
    except OSError as error:
        raise NotPinned(
            f"{worktree} cannot be moved to the trash, so nothing was removed: {error.strerror}",
            "is it a mount, or on another disk than the home?",
        ) from error


def _mounts_below(folder: Path) -> Iterator[Path]:
    """What is deleted there would be gone from the other file system."""
    with suppress(OSError):
        for line in _MOUNTS.read_bytes().splitlines():
            place = _ESCAPED.sub(lambda octal: bytes([int(octal.group(1), 8)]), line.split(b" ")[4])
            path = Path(os.fsdecode(place))
            if path != folder and path.is_relative_to(folder):
                yield path


def bring_back(frozen: Path, worktree: Path) -> None:
    """Undo `set_apart`. Raises StorageFailed where something stands in its place."""
    try:
        private_folder(worktree.parent)
        frozen.rename(worktree)
    except OSError as error:
        raise storage_failed(error, worktree) from error


def set_aside(frozen: Path, kept: Path, paths: Iterable[str]) -> None:
    """Move these out of the frozen folder, each to the same place below `kept`. Raises StorageFailed and NotPinned."""
    for path in paths:
        source, target = frozen / path, kept / path
        if os.path.lexists(source):
            if os.path.lexists(target):
                raise NotPinned(f"{target} is there already, so nothing was removed", "move that away first")
            try:
                target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                source.rename(target)
            except OSError as error:
                raise storage_failed(error, target) from error


def set_aside_back(frozen: Path, kept: Path, paths: Iterable[str]) -> None:
    """Undo `set_aside`, as far as it came. Raises StorageFailed."""
    for path in paths:
        source, target = kept / path, frozen / path
        if os.path.lexists(source) and not os.path.lexists(target):
            try:
                source.rename(target)
            except OSError as error:
                raise storage_failed(error, target) from error


def forget_worktree(repo: Repository, worktree: Path, admin: Path | None, modules: Path) -> None:
    """Let git forget the worktree at a path where nothing is any more; its submodules' git folders go to `modules`."""
    if os.path.lexists(worktree):
        return
    with repository_lock(repo.common_dir) as held:
        if admin is not None and (admin / "modules").is_dir() and not modules.exists():
            _move_modules(admin / "modules", modules)
        git = replace(repo.git, inherit=(held,))
        result = git.run("worktree", "remove", "--force", "--force", "--", str(worktree), check=False)
        if result.exit_code != 0 and admin is not None and admin.is_dir():
            raise GitFailed(f"git does not forget the worktree {worktree}: {result.stderr.strip()[-200:]}")


def _move_modules(source: Path, target: Path) -> None:
    """Copied whole before it counts: the two may be on different disks."""
    half = target.with_name(f"{target.name}.half")
    try:
        shutil.rmtree(half, ignore_errors=True)
        shutil.copytree(source, half, symlinks=True)
        half.rename(target)
    except (OSError, shutil.Error) as error:
        raise NotPinned(f"the submodules in {source} could not be kept: {error}", "free some space") from error


def drop_branch(repo: Repository, branch: str, tip: str) -> bool:
    """Delete the branch where it still stands at `tip`; whether it is gone.

    One that went on meanwhile is left alone. Raises GitFailed where git cannot delete it now: a lock, a full disk.
    """
    ref = f"refs/heads/{branch}"
    deleting = ("update-ref", "-d", ref, tip)
    result = repo.git.with_config(_PATIENT).run(*deleting, check=False)
    if result.exit_code == 0:
        return True
    now = repo.git.run("rev-parse", "--verify", "--quiet", ref, check=False)
    if now.stdout.decode("ascii").strip() == tip:
        raise failure(deleting, result)
    return now.exit_code != 0
