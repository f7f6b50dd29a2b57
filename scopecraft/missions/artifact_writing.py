"""An artifact written into a folder that an agent may write in at the same moment: it goes nowhere else, and is whole.

The bytes are first written where no container reaches, beside `artifacts/`. Then they are moved into their place by one
rename between two open folders. A rename replaces what stands there, a link or a pipe too, and opens nothing.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from scopecraft.atomic import storage_failed
from scopecraft.config.paths import Home
from scopecraft.errors import NotFound
from scopecraft.missions.artifacts import FOLDER, FOLDER_KIND, kind_at, opened_folder, refused, walked, within_limit
from scopecraft.missions.folder import folder_of
from scopecraft.model.mission import Mission
from scopecraft.model.naming import check_artifact_name

_MAKING = ".artifact-"
_NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS})


def write_artifact(home: Home, mission: Mission, name: str, content: bytes | Iterable[bytes]) -> None:
    """Put the content in the artifact's place, durably; folders on the way are made.

    The caller holds the mission's lock. What is read there is the old content or the new, whoever is killed. It belongs
    to the owner of the folder that it stands in, as far as we may give it away.

    Raises BadName, BadInput for what is too long, NotFound where the mission has no artifacts' folder, Refused where
    a link or a file stands in the place of a folder, or a folder in that of the file, and StorageFailed.
    """
    parts = check_artifact_name(name)
    pieces = (content,) if isinstance(content, bytes) else content
    folder = folder_of(home, mission)
    with _opened(folder) as beside:
        _sweep(beside)
        making = f"{_MAKING}{os.urandom(8).hex()}.tmp"
        try:
            file = _write(beside, making, within_limit(name, pieces))
            try:
                with _place_of(home, mission, name, parts) as (place, owner):
                    _give(file, owner)
                    _move(beside, making, place, parts[-1])
            finally:
                os.close(file)
        except OSError as error:
            if error.errno in _NO_SPACE:
                raise storage_failed(error, folder / "artifacts" / name) from error
            is_folder = error.errno in (errno.EISDIR, errno.ENOTEMPTY, errno.EEXIST)
            what = FOLDER_KIND if is_folder else f"not to be written: {(error.strerror or str(error)).lower()}"
            raise refused(mission, name, what) from error
        finally:
            with contextlib.suppress(OSError):
                os.unlink(making, dir_fd=beside)


def check_place(home: Home, mission: Mission, name: str) -> None:
    """Raises what `write_artifact` would raise for what stands there now."""
    *folders, last = check_artifact_name(name)
    os.close(opened_folder(home, mission))
    try:
        folder = walked(home, mission, name, folders)
    except NotFound:
        return  # it will be made
    try:
        what = kind_at(folder, last)
    finally:
        os.close(folder)
    if what == FOLDER_KIND:
        raise refused(mission, name, what)


@contextlib.contextmanager
def _opened(folder: Path) -> Iterator[int]:
    try:
        descriptor = os.open(folder, FOLDER)
    except OSError as error:
        raise storage_failed(error, folder) from error
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _write(folder: int, name: str, pieces: Iterable[bytes]) -> int:
    """A new file, which stays open."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(name, flags, 0o600, dir_fd=folder)
    try:
        with os.fdopen(descriptor, "wb", closefd=False) as file:
            for piece in pieces:
                file.write(piece)
        os.fsync(descriptor)
    except BaseException:  # raised again: an interruption, too, leaves nothing open
        os.close(descriptor)
        raise
    return descriptor


@contextlib.contextmanager
def _place_of(home: Home, mission: Mission, name: str, parts: tuple[str, ...]) -> Iterator[tuple[int, os.stat_result]]:
    """The folder that it is to stand in, open, and the last one on the way that was there before, for its owner.

    Once it is open, no link that is put on the way to it matters any more.
    """
    at = opened_folder(home, mission)
    try:
        owner = os.fstat(at)
        for part in parts[:-1]:
            inner, is_new = _enter(at, part, mission, name)
            os.close(at)
            at = inner
            if is_new:
                _give(at, owner)
            else:
                owner = os.fstat(at)
        yield at, owner
    finally:
        os.close(at)


def _enter(folder: int, part: str, mission: Mission, name: str) -> tuple[int, bool]:
    """A folder in that folder, and whether it was made now."""
    is_new = True
    try:
        os.mkdir(part, 0o700, dir_fd=folder)
        os.fsync(folder)
    except FileExistsError:
        is_new = False
    try:
        return os.open(part, FOLDER, dir_fd=folder), is_new
    except OSError as error:
        what = kind_at(folder, part) or "a file"
        raise refused(mission, name, f"not to be written: on the way there is {what}") from error


def _give(descriptor: int, like: os.stat_result) -> None:
    """To that owner; where that is somebody else and we may not, it can be read by all who get there."""
    mine = os.fstat(descriptor)
    if (mine.st_uid, mine.st_gid) == (like.st_uid, like.st_gid):
        return
    try:
        os.fchown(descriptor, like.st_uid, like.st_gid)
    except OSError:
        if mine.st_uid != like.st_uid:
            os.fchmod(descriptor, 0o755 if stat.S_ISDIR(mine.st_mode) else 0o644)


def _move(beside: int, making: str, place: int, name: str) -> None:
    os.rename(making, name, src_dir_fd=beside, dst_dir_fd=place)
    os.fsync(place)


def _sweep(folder: int) -> None:
    """Take away what a killed process had begun: whoever is here has the lock."""
    with os.scandir(folder) as entries:
        left = [entry.name for entry in entries if entry.name.startswith(_MAKING)]
    for name in left:
        with contextlib.suppress(OSError):
            os.unlink(name, dir_fd=folder)
