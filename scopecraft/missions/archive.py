"""Copies for an archive, of folders that an agent could write in: no link followed, regular files only, sizes capped.

Known secrets are written out as `[secret NAME]`: an archive is meant to be committed and sent.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from scopecraft.atomic import storage_failed
from scopecraft.config.secrets import SHORTEST_SECRET
from scopecraft.errors import BadName
from scopecraft.model.naming import check_artifact_name
from scopecraft.model.text import clean_line

MOST_FILES = 5000
LARGEST_BYTES = 64 << 20  # of one file; what is longer is cut, and said to be
ALL_BYTES = 1 << 30
_PIECE_BYTES = 1 << 20
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK


@dataclass(slots=True)
class Copier:
    """Copies below one target; `notes` says what was left out or cut, and `room` how many bytes there still are."""

    secrets: Mapping[str, str]
    room: int = ALL_BYTES
    files: int = 0
    notes: list[str] = field(default_factory=list)

    def file(self, folder: Path, name: str, target: Path, *, most: int = LARGEST_BYTES) -> bool:
        """One file of a folder of the host's; False where there is none that may be read."""
        try:
            descriptor = os.open(folder, _FLAGS | os.O_DIRECTORY)
        except OSError:
            return False
        try:
            return self._copy(descriptor, name, target, name, most)
        finally:
            os.close(descriptor)

    def tree(self, folder: Path, target: Path, label: str, *, is_ours: bool = False) -> None:
        """All regular files below a folder that an agent could write in, by names that artifacts may have.

        One that is the host's own (`is_ours`) has names of any kind.
        """
        with suppress(FileNotFoundError, NotADirectoryError):
            try:
                root = os.open(folder, _FLAGS | os.O_DIRECTORY)
            except OSError as error:
                self.notes.append(f"{label} was left out: {error.strerror}")
                return
            self._folder(root, target, label, is_ours)

    def chunks(self, pieces: Iterable[bytes], target: Path, label: str, most: int = LARGEST_BYTES) -> int:
        """What somebody writes, until it is too long; how many bytes were written. Raises StorageFailed."""
        limit = min(most, self.room)
        try:
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            written = _write(target, _capped(redacted(pieces, self.secrets), limit))
        except OSError as error:
            raise storage_failed(error, target) from error
        self.room -= written
        if limit and written >= limit:
            self.notes.append(f"{label} was cut at {limit >> 20} MiB")
        return written

    def _folder(self, first: int, target: Path, label: str, is_ours: bool) -> None:
        """Closes the descriptor, and every one that it opens."""
        waiting = [(first, target, label)]
        while waiting:
            descriptor, place, shown = waiting.pop()
            try:
                with os.scandir(descriptor) as entries:
                    found = sorted((entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries)
                for name, is_folder in found:
                    if not is_ours and not self._may_have(f"{shown}/{name}"):
                        continue
                    if not is_folder:
                        self._copy(descriptor, name, place / name, f"{shown}/{name}", LARGEST_BYTES)
                        continue
                    with suppress(OSError):
                        if len(waiting) >= MOST_FILES // 10:
                            self._once("too many folders: some were left out")
                        else:
                            deeper = os.open(name, _FLAGS | os.O_DIRECTORY, dir_fd=descriptor)
                            waiting.append((deeper, place / name, f"{shown}/{name}"))
            finally:
                os.close(descriptor)

    def _may_have(self, label: str) -> bool:
        """Not `.git` and the like: an archive is committed, and read by programs that obey such files."""
        try:
            check_artifact_name(label.partition("/")[2])
        except BadName as error:
            if self.files < MOST_FILES:
                self.files += 1
                self.notes.append(f"{clean_line(label)} was left out: {error.message.rpartition(': ')[2]}")
            return False
        return True

    def _copy(self, folder: int, name: str, target: Path, label: str, most: int) -> bool:
        if self.files >= MOST_FILES:
            self._once(f"more than {MOST_FILES} files: the rest was left out")
            return False
        self.files += 1  # pipes and links too: of each a note is kept
        try:
            descriptor = os.open(name, _FLAGS, dir_fd=folder)
        except OSError:
            self.notes.append(f"{clean_line(label)} was left out: it is no file that may be read")
            return False
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                self.notes.append(f"{clean_line(label)} was left out: it is no regular file")
                return False
            self.chunks(_pieces(descriptor), target, clean_line(label), most)
        finally:
            os.close(descriptor)
        return True

    def _once(self, note: str) -> None:
        if note not in self.notes:
            self.notes.append(note)


def redacted(pieces: Iterable[bytes], secrets: Mapping[str, str]) -> Iterator[bytes]:
    """The same bytes with each known value replaced, also where it lies across two pieces."""
    known = sorted(_forms(secrets), key=lambda pair: -len(pair[0]))
    keep = len(known[0][0]) - 1 if known else 0
    rest = b""
    for piece in pieces:
        data = rest + piece
        for value, instead in known:
            data = data.replace(value, instead)
        cut = len(data) - keep
        if cut > 0:
            yield data[:cut]
            data = data[cut:]
        rest = data
    if rest:
        yield rest


def _forms(secrets: Mapping[str, str]) -> Iterator[tuple[bytes, bytes]]:
    """Each value as it is and as it stands in a line of JSON, with what is written instead."""
    for name, value in secrets.items():
        if len(value) >= SHORTEST_SECRET:
            in_json = json.dumps(value)[1:-1]
            yield from ((form, f"[secret {name}]".encode()) for form in {os.fsencode(value), in_json.encode()})


def _pieces(descriptor: int) -> Iterator[bytes]:
    while piece := os.read(descriptor, _PIECE_BYTES):
        yield piece


def _capped(pieces: Iterable[bytes], limit: int) -> Iterator[bytes]:
    left = limit
    for piece in pieces:
        if len(piece) >= left:
            yield piece[:left]
            return
        left -= len(piece)
        yield piece


def _write(target: Path, pieces: Iterable[bytes]) -> int:
    written = 0
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        for piece in pieces:
            written += file.write(piece)
    return written
