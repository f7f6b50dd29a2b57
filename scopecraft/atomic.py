"""Files that are whole or untouched, whatever happens; private folders; locks between processes."""

from __future__ import annotations

import errno
import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from scopecraft.errors import LockHeld, StorageFailed
from scopecraft.model import clock

_REASONS = {
    errno.ENOSPC: ("the disk is full", "free some space and try again"),
    errno.EDQUOT: ("the disk quota is used up", "free some space and try again"),
    errno.EROFS: ("the file system is read-only", "choose another home with SCOPECRAFT_HOME"),
    errno.EACCES: ("permission denied", "check who owns it, or choose another home with SCOPECRAFT_HOME"),
    errno.EPERM: ("permission denied", "check who owns it, or choose another home with SCOPECRAFT_HOME"),
    errno.ENOTDIR: ("a part of the path is not a folder", "move that file away"),
    errno.EISDIR: ("it is a folder", "move that folder away"),
    errno.EEXIST: ("it is not a folder", "move that file away"),
}


def storage_failed(error: OSError, path: Path) -> StorageFailed:
    """What the system said about writing `path`, as one sentence of ours."""
    reason, hint = _REASONS.get(error.errno or 0, (error.strerror or str(error), "`sc doctor` checks the home"))
    return StorageFailed(f"cannot write {path}: {reason}", hint)


def replace_file(path: Path, data: bytes, mode: int = 0o600, *, is_durable: bool = True) -> None:
    """Put `data` in the place of `path`, durably; readers see the old bytes or the new ones, never a part.

    One that need not be durable is not waited for: only a power failure in the next moments may cost it.
    A symlink at `path` is replaced, not followed. Raises StorageFailed; the old file is whole then, and nothing is
    left beside it.
    """
    temporary = path.parent / f".{path.name}.{os.urandom(4).hex()}.tmp"
    try:
        try:
            _write(temporary, data, mode, is_durable=is_durable)
            temporary.replace(path)
        except BaseException:  # raised again: an interruption, too, leaves nothing half done
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise
        if is_durable:
            fsync_folder(path.parent)
    except OSError as error:
        raise storage_failed(error, path) from error


def _write(path: Path, data: bytes, mode: int, *, is_durable: bool) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb", buffering=0) as file:
        os.fchmod(descriptor, mode)
        rest = memoryview(data)
        while rest:
            rest = rest[file.write(rest) :]
        if is_durable:
            os.fsync(descriptor)


def fsync_folder(folder: Path) -> None:
    """A rename is on the disk only when its folder is. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def move_aside(path: Path, reason: str = "damaged") -> Path:
    """Rename to `<name>.<reason>-<time>` beside it, never over anything. Raises StorageFailed."""
    stem = f"{path.name}.{reason}-{clock.now():%Y%m%dT%H%M%S}"
    number = 1
    aside = path.with_name(stem)
    while os.path.lexists(aside):
        number += 1
        aside = path.with_name(f"{stem}-{number}")
    try:
        path.rename(aside)
    except OSError as error:
        raise storage_failed(error, path) from error
    return aside


def private_folder(path: Path) -> None:
    """Make the folder and its missing parents, for its owner only (0700); one that exists stays as it is.

    Raises StorageFailed.
    """
    if path.is_dir():
        return
    if path.parent != path:
        private_folder(path.parent)
    try:
        path.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise storage_failed(error, path) from error


@contextmanager
def file_lock(path: Path, *, timeout: float | None = None) -> Iterator[int]:
    """Hold `path` (a file, made if missing, or an existing folder) against every other holder, threads included.

    Gives the open descriptor: of a file, what stands in it is the holder's.

    The system lets go of it when the process ends, however it ends. Not reentrant. `timeout` in seconds: None waits
    for ever, 0 tries once. Raises LockHeld and StorageFailed.
    """
    deadline = None if timeout is None else time.monotonic() + timeout
    descriptor = _acquire(path, deadline)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _acquire(path: Path, deadline: float | None) -> int:
    while True:
        descriptor = _open_lock(path)
        try:
            _lock(descriptor, path, deadline)
            # Who removed the file while we waited left us with the lock of something that nobody else finds.
            if is_current(descriptor, path):
                return descriptor
        except BaseException:  # raised again: an interruption, too, leaves nothing half done
            os.close(descriptor)
            raise
        os.close(descriptor)


def _open_lock(path: Path) -> int:
    try:
        if path.is_dir():
            return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise storage_failed(error, path) from error


def _lock(descriptor: int, path: Path, deadline: float | None) -> None:
    if deadline is None:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        return
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError as error:
            if time.monotonic() >= deadline:
                raise LockHeld(f"another process holds {path}", "wait for it to finish and try again") from error
        time.sleep(0.01)


def is_current(descriptor: int, path: Path) -> bool:
    """Whether the path still leads to what is open: neither removed nor replaced."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except OSError:
        return False


def written_ns(path: str | Path) -> int:
    """When a file or a folder was changed last, in nanoseconds since 1970; 0 where it is not there."""
    try:
        return os.stat(path).st_mtime_ns  # noqa: PTH116 - of thousands
    except OSError:
        return 0
