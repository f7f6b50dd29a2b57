"""The files of a conversation, brought from where an agent left them. An agent wrote them: nothing in them is trusted.

They are found and read by descriptors: no link is followed, only regular files are taken, in bounds.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from scopecraft.atomic import private_folder, storage_failed
from scopecraft.errors import Refused

MOST_BYTES = 2 * 1024**3  # of all files together
MOST_ENTRIES = 20_000
DEEPEST = 12
CHUNK_BYTES = 1024**2
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Part:
    """A regular file, open for reading only while it is handed out; `path` is below where it was found."""

    path: str
    descriptor: int
    size: int


def parts_in(
    folder: Path, patterns: tuple[str, ...], conversation_id: str, *, is_persons: bool = False
) -> Iterator[Part]:
    """The files that the patterns name, each once; nothing where there is no such folder.

    In a person's own folder links are followed: whoever keeps a configuration elsewhere has such. Raises Refused for
    more than one conversation comes to.
    """
    # the folder itself, too: it stands in one that the agent may write to
    links = 0 if is_persons else os.O_NOFOLLOW
    try:
        top = os.open(folder, _FOLDER | links)
    except OSError:
        return
    seen: set[str] = set()
    taken_bytes = 0
    try:
        for pattern in patterns:
            names = tuple(pattern.replace("{id}", conversation_id).split("/"))
            for part in _matching(_Place(top, "", links), names, 0):
                if part.path in seen:
                    continue
                seen.add(part.path)
                taken_bytes += part.size
                if len(seen) > MOST_ENTRIES or taken_bytes > MOST_BYTES:
                    raise Refused(
                        f"what the agent keeps in {folder} is more than a conversation comes to",
                        "begin a new one: sc retry SESSION",
                    )
                yield part
    finally:
        os.close(top)


def has_conversation(folder: Path, patterns: tuple[str, ...], conversation_id: str) -> bool:
    """Whether its first part is there, and holds something; an agent without parts keeps it elsewhere."""
    return not patterns or any(part.size for part in parts_in(folder, patterns[:1], conversation_id))


def copy_part(part: Part, target: Path) -> None:
    """To a place where nothing is yet. Raises StorageFailed."""
    private_folder(target.parent)
    try:
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            for chunk in chunks_of(part):
                file.write(chunk)
    except OSError as error:
        raise storage_failed(error, target) from error


def chunks_of(part: Part) -> Iterator[bytes]:
    """Its bytes, so many as it had when it was found. Raises OSError."""
    at = 0
    while at < part.size and (chunk := os.pread(part.descriptor, min(CHUNK_BYTES, part.size - at), at)):
        at += len(chunk)
        yield chunk


@dataclass(frozen=True, slots=True)
class _Place:
    """An open folder; `path` ends with a slash, `flags` say whether links in it are followed."""

    folder: int
    path: str
    flags: int


def _matching(place: _Place, names: tuple[str, ...], depth: int) -> Iterator[Part]:
    """`names` are patterns of one name each; without any, all that is in the folder."""
    if depth > DEEPEST:
        return
    for name in _names(place.folder):
        if names and not fnmatchcase(name, names[0]):
            continue
        path = f"{place.path}{name}"
        if len(names) <= 1:
            with _opened(place, name, _FILE) as descriptor:
                size = _size_of_file(descriptor)
                if descriptor is not None and size is not None:
                    yield Part(path, descriptor, size)
                    continue
        with _opened(place, name, _FOLDER) as descriptor:
            if descriptor is not None:
                yield from _matching(_Place(descriptor, f"{path}/", place.flags), names[1:], depth + 1)


def _names(folder: int) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entry.name for entry, _ in zip(entries, range(MOST_ENTRIES), strict=False))
    except OSError:
        return []


@contextlib.contextmanager
def _opened(place: _Place, name: str, flags: int) -> Iterator[int | None]:
    try:
        descriptor = os.open(name, flags | place.flags, dir_fd=place.folder)
    except OSError:
        yield None
        return
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _size_of_file(descriptor: int | None) -> int | None:
    if descriptor is None:
        return None
    facts = os.fstat(descriptor)
    return facts.st_size if stat.S_ISREG(facts.st_mode) else None
