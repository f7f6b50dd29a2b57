"""A mission's artifacts: files of an untrusted writer, listed and read without following it anywhere.

Opened from the folder's descriptor, no link followed at any part of a name, regular files only, never waited for.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from scopecraft.config.paths import Home
from scopecraft.errors import BadInput, BadName, NotFound, Refused
from scopecraft.missions.folder import folder_of
from scopecraft.model.mission import Mission
from scopecraft.model.naming import ARTIFACT_PARTS, check_artifact_name
from scopecraft.model.text import clean_line

MOST_ARTIFACTS = 1000  # entries that are looked at
LONGEST_ARTIFACT = 64 * 1024**2
_PIECE_BYTES = 1 << 16
FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
FOLDER_KIND = "a folder"
_KINDS = {
    stat.S_IFLNK: "a link, and those of agents are not followed",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFDIR: FOLDER_KIND,
}


@dataclass(frozen=True, slots=True)
class Artifact:
    """`name` as it stands there, which may be anything; `refusal` says why it cannot be read, empty when it can."""

    name: str
    size: int
    modified_at: float  # seconds since 1970
    refusal: str = ""


def list_artifacts(home: Home, mission: Mission) -> tuple[Artifact, ...]:
    """In the order of their names, at most MOST_ARTIFACTS of what is there; nothing where there is no folder."""
    try:
        descriptor = opened_folder(home, mission)
    except NotFound:
        return ()
    found: list[Artifact] = []
    try:
        _walk(descriptor, "", iter(range(MOST_ARTIFACTS)), found)
    finally:
        os.close(descriptor)
    return tuple(sorted(found, key=lambda artifact: artifact.name))


@contextmanager
def open_artifact(home: Home, mission: Mission, name: str) -> Iterator[Iterator[bytes]]:
    """Its bytes in pieces, as many as it had when it was opened.

    Raises BadName, NotFound, and Refused for what is no regular file, or longer than LONGEST_ARTIFACT.
    """
    descriptor = _open(home, mission, name, check_artifact_name(name))
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise refused(mission, name, _kind(status.st_mode))
        if status.st_size > LONGEST_ARTIFACT:
            raise refused(mission, name, _too_long(status.st_size))
        yield _pieces(descriptor, status.st_size)
    finally:
        os.close(descriptor)


def holds_bytes(home: Home, mission: Mission, name: str) -> bool:
    """Whether a regular file stands there, also one that cannot be read. Raises BadName."""
    *folders, last = check_artifact_name(name)
    try:
        folder = walked(home, mission, name, folders)
    except Refused:
        return False
    try:
        return stat.S_ISREG(os.stat(last, dir_fd=folder, follow_symlinks=False).st_mode)
    except OSError:
        return False
    finally:
        os.close(folder)


def _open(home: Home, mission: Mission, name: str, parts: tuple[str, ...]) -> int:
    folder = walked(home, mission, name, parts[:-1])
    try:
        return _entered(home, mission, name, folder, parts[-1], _FILE)
    finally:
        os.close(folder)


def walked(home: Home, mission: Mission, name: str, folders: Iterable[str]) -> int:
    """The last of the folders, open; the one of all artifacts where there is none on the way."""
    at = opened_folder(home, mission)
    for part in folders:
        try:
            inner = _entered(home, mission, name, at, part, FOLDER)
        finally:
            os.close(at)
        at = inner
    return at


def _entered(home: Home, mission: Mission, name: str, folder: int, part: str, flags: int) -> int:
    try:
        return os.open(part, flags, dir_fd=folder)
    except OSError as error:
        if error.errno == errno.ENOENT:
            raise _missing(home, mission, name) from error
        what = kind_at(folder, part)
        raise refused(mission, name, what or (error.strerror or str(error)).lower()) from error


def opened_folder(home: Home, mission: Mission) -> int:
    """The folder of all its artifacts. Raises NotFound."""
    try:
        return os.open(folder_of(home, mission) / "artifacts", FOLDER)
    except OSError as error:
        raise NotFound(
            f"{mission.slug} has no artifacts", "see its folder under missions/active of the home"
        ) from error


def _walk(folder: int, prefix: str, left: Iterator[int], found: list[Artifact]) -> None:
    """What is in the folder and, `ARTIFACT_PARTS` deep, below it, while there is any of `left`."""
    with os.scandir(folder) as entries:
        names = [entry.name for _, entry in zip(left, entries, strict=False)]
    for name in names:
        try:
            status = os.stat(name, dir_fd=folder, follow_symlinks=False)
            if stat.S_ISDIR(status.st_mode) and prefix.count("/") < ARTIFACT_PARTS - 1:
                inner = os.open(name, FOLDER, dir_fd=folder)
                try:
                    _walk(inner, f"{prefix}{name}/", left, found)
                finally:
                    os.close(inner)
            else:
                found.append(_seen(prefix + name, status))
        except OSError:
            continue  # gone, or locked by whoever wrote it


def _seen(name: str, status: os.stat_result) -> Artifact:
    refusal = "" if stat.S_ISREG(status.st_mode) else _kind(status.st_mode)
    if not refusal and status.st_size > LONGEST_ARTIFACT:
        refusal = _too_long(status.st_size)
    if not refusal:
        try:
            check_artifact_name(name)
        except BadName:
            refusal = "its name is none that an artifact may have"
    return Artifact(name, status.st_size, status.st_mtime, refusal)


def within_limit(name: str, pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same pieces. Raises BadInput as soon as they are more than an artifact may have."""
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > LONGEST_ARTIFACT:
            raise BadInput(
                f"{clean_line(name)} would have more than {LONGEST_ARTIFACT >> 20} MiB, and no artifact may",
                "put it elsewhere, and name the place in the artifact",
            )
        yield piece


def _pieces(descriptor: int, size: int) -> Iterator[bytes]:
    offset = 0
    while offset < size and (piece := os.pread(descriptor, min(_PIECE_BYTES, size - offset), offset)):
        offset += len(piece)
        yield piece


def _kind(mode: int) -> str:
    return _KINDS.get(stat.S_IFMT(mode), "no file")


def kind_at(folder: int, part: str) -> str:
    """What stands there instead, if that is why it could not be opened."""
    try:
        mode = os.stat(part, dir_fd=folder, follow_symlinks=False).st_mode
    except OSError:
        return ""
    return "" if stat.S_ISREG(mode) else _kind(mode)


def _too_long(size: int) -> str:
    return f"{size} bytes long, and at most {LONGEST_ARTIFACT >> 20} MiB are read"


def refused(mission: Mission, name: str, what: str) -> Refused:
    return Refused(f"the artifact {clean_line(name)} is {what}", f"see what there is: sc mission ls {mission.slug}")


def _missing(home: Home, mission: Mission, name: str) -> NotFound:
    names = [artifact.name for artifact in list_artifacts(home, mission) if not artifact.refusal]
    listed = clean_line(", ".join(names[:10])) + (" …" if len(names) > 10 else "")
    return NotFound(f"{mission.slug} has no artifact {clean_line(name)}", f"it has: {listed or 'none'}")
