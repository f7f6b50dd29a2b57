"""Changing a `.tasks` file in a person's checkout: whole or not at all, and never over what they wrote meanwhile."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from scopecraft.atomic import file_lock, storage_failed
from scopecraft.errors import LockHeld
from scopecraft.missions.task_files import FOLDER, TaskPlace, decoded, holding, read_at

_TRIES = 20  # somebody who saves the same file as often in a moment is no person
_WAIT_SECONDS = 10.0


def change_task(checkout: Path, place: TaskPlace, change: Callable[[str], str]) -> bool:
    """Whether there was anything to change. The file keeps its mode and its owner; all but the change, every byte.

    Raises NotFound, Refused for what is no file that may be read, LockHeld and StorageFailed; it is as it was then.
    """
    with file_lock(checkout / FOLDER, timeout=_WAIT_SECONDS), holding(checkout, place) as (folder, name):
        for _ in range(_TRIES):
            before = read_at(folder, name, place)
            after = change(decoded(before, place)).encode()
            if after == before:
                return False
            try:
                if _replaced(folder, name, place, before, after):
                    return True
            except OSError as error:
                raise storage_failed(error, checkout / FOLDER / place.path) from error
    raise LockHeld(f"{FOLDER}/{place.path} is being changed by somebody else", "write it there yourself")


def _replaced(folder: int, name: str, place: TaskPlace, before: bytes, after: bytes) -> bool:
    """False where it is not any more as it was `before`."""
    temporary = f".{name[:200]}.{os.urandom(4).hex()}.tmp"
    try:
        _write(folder, temporary, after, os.stat(name, dir_fd=folder, follow_symlinks=False))
        if read_at(folder, name, place) != before:
            return False
        os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(temporary, dir_fd=folder)
    os.fsync(folder)
    return True


def _write(folder: int, name: str, data: bytes, like: os.stat_result) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(name, flags, 0o600, dir_fd=folder), "wb") as file:
        with suppress(OSError):  # only who may give a file away keeps another's
            os.fchown(file.fileno(), like.st_uid, like.st_gid)
        os.fchmod(file.fileno(), like.st_mode & 0o777)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
