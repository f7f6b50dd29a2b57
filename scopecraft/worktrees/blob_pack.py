"""Files of a worktree as a git pack, byte for byte: no filter, no hook, no attribute has a say.

The tree is an agent's: every component of a path is opened from a descriptor and no link is followed.
"""

from __future__ import annotations

import hashlib
import os
import stat
import struct
import tempfile
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Literal, Self, cast

from scopecraft.atomic import storage_failed
from scopecraft.errors import GitFailed
from scopecraft.worktrees.git import Git
from scopecraft.worktrees.repository import ObjectFormat

_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
_PIECE_BYTES = 1 << 20
_BLOB = 3  # gitformat-pack(5)
_HEADER_BYTES = 12

WhyLeft = Literal["large", "special", "unreadable", "changing", "repository"]


@dataclass(frozen=True, slots=True)
class Seen:
    """A file as the system described it; a write to it changes at least one of these."""

    mode: int
    size: int
    inode: int
    mtime_ns: int
    ctime_ns: int

    @classmethod
    def of(cls, info: os.stat_result) -> Self:
        return cls(info.st_mode, info.st_size, info.st_ino, info.st_mtime_ns, info.st_ctime_ns)


@dataclass(frozen=True, slots=True)
class Blob:
    """A file as git keeps it: `mode` is 100644, 100755 or 120000 (a link, whose text is the blob)."""

    path: str
    mode: str
    id: str
    seen: Seen


class Tree:
    """Files of a folder, opened from its descriptor. A context manager."""

    def __init__(self, folder: Path) -> None:
        try:
            self._root = os.open(folder, _FLAGS | os.O_DIRECTORY)
        except OSError as error:
            raise storage_failed(error, folder) from error
        self._parent: tuple[str, int] = ("", self._root)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leave()
        os.close(self._root)

    def stat(self, path: str) -> os.stat_result:
        """Of the file itself, not of what it leads to. Raises OSError, for a link on the way too."""
        folder, name = self._place(path)
        return os.stat(name, dir_fd=folder, follow_symlinks=False)

    def open(self, path: str) -> int:
        folder, name = self._place(path)
        return os.open(name, _FLAGS | os.O_NONBLOCK, dir_fd=folder)

    def link_text(self, path: str) -> bytes:
        folder, name = self._place(path)
        return os.fsencode(os.readlink(name, dir_fd=folder))

    def _place(self, path: str) -> tuple[int, str]:
        """The descriptor of its folder, which the next file is mostly in too."""
        folder, _, name = path.rpartition("/")
        if folder != self._parent[0]:
            self._leave()
            if folder:
                self._parent = (folder, self._enter(folder))
        return self._parent[1], name

    def _enter(self, folder: str) -> int:
        current = os.dup(self._root)
        try:
            for part in folder.split("/"):
                deeper = os.open(part, _FLAGS | os.O_DIRECTORY, dir_fd=current)
                os.close(current)
                current = deeper
        except BaseException:
            os.close(current)
            raise
        return current

    def _leave(self) -> None:
        if self._parent[1] != self._root:
            with suppress(OSError):
                os.close(self._parent[1])
        self._parent = ("", self._root)


class BlobPack:
    """Blobs written to a file without a name beside the object store, then given to git as one pack."""

    def __init__(self, beside: Path, object_format: ObjectFormat) -> None:
        self._hash: Callable[..., Any] = hashlib.sha1 if object_format == "sha1" else hashlib.sha256
        self._folder = beside
        self._ids: set[str] = set()
        try:
            file = tempfile.TemporaryFile(dir=beside)  # noqa: SIM115 - `close` closes it
            self._file = cast(BinaryIO, file)
            self._file.write(bytes(_HEADER_BYTES))
        except OSError as error:
            raise storage_failed(error, beside) from error

    def close(self) -> None:
        with suppress(OSError):
            self._file.close()

    def take(self, tree: Tree, path: str, largest_bytes: int | None) -> Blob | WhyLeft:
        """The file as a blob, or why it is none. Raises StorageFailed for the pack's own disk."""
        try:
            info = tree.stat(path)
            if stat.S_ISLNK(info.st_mode):
                return Blob(path, "120000", self._add_bytes(tree.link_text(path)), Seen.of(info))
            if not stat.S_ISREG(info.st_mode):
                return "special"
            if largest_bytes is not None and info.st_size > largest_bytes:
                return "large"
            file = tree.open(path)
        except OSError:
            return "unreadable"
        try:
            return self._take_open(file, path)
        finally:
            os.close(file)

    def _take_open(self, file: int, path: str) -> Blob | WhyLeft:
        before = os.fstat(file)
        if not stat.S_ISREG(before.st_mode):
            return "special"
        begin = self._file.tell()
        try:
            id_ = self._add(file, before.st_size)
        except OSError as error:
            raise storage_failed(error, self._folder) from error
        after = os.fstat(file)
        if id_ is None or Seen.of(after) != Seen.of(before):
            self._file.seek(begin)
            self._file.truncate()
            return "changing" if id_ != "" else "unreadable"
        self._note(id_, begin)
        return Blob(path, "100755" if before.st_mode & stat.S_IXUSR else "100644", id_, Seen.of(before))

    def _add_bytes(self, content: bytes) -> str:
        begin = self._file.tell()
        digest = self._hash(b"blob %d\0" % len(content) + content).hexdigest()
        try:
            self._file.write(_entry_header(len(content)) + zlib.compress(content, 1))
        except OSError as error:
            raise storage_failed(error, self._folder) from error
        self._note(str(digest), begin)
        return str(digest)

    def _add(self, file: int, size: int) -> str | None:
        """The id; None when the file ends elsewhere than it should, and `""` when it cannot be read."""
        digest, packer = self._hash(b"blob %d\0" % size), zlib.compressobj(1)
        self._file.write(_entry_header(size))
        left = size
        while left:
            try:
                piece = os.read(file, min(left, _PIECE_BYTES))
            except OSError:
                return ""
            if not piece:
                return None
            left -= len(piece)
            digest.update(piece)
            self._file.write(packer.compress(piece))
        self._file.write(packer.flush())
        return str(digest.hexdigest())

    def _note(self, id_: str, begin: int) -> None:
        """A pack holds an object once."""
        if id_ in self._ids:
            self._file.seek(begin)
            self._file.truncate()
        self._ids.add(id_)

    def hand_over(self, git: Git) -> None:
        """To the object store of that git, which computes every id again. Raises GitFailed and StorageFailed."""
        if not self._ids:
            return
        try:
            self._finish()
        except OSError as error:
            raise storage_failed(error, self._folder) from error
        git.run("index-pack", "--stdin", stdin_file=self._file)
        sizes = git.run("cat-file", "--batch-check=%(objecttype)", input="".join(f"{i}\n" for i in self._ids).encode())
        if sizes.stdout != b"blob\n" * len(self._ids):
            raise GitFailed("git did not keep every file that it was given")

    def _finish(self) -> None:
        """The number of objects, and the checksum over everything."""
        end = self._file.tell()
        self._file.seek(0)
        self._file.write(struct.pack(">4sII", b"PACK", 2, len(self._ids)))
        self._file.seek(0)
        digest = self._hash()
        while piece := self._file.read(_PIECE_BYTES):
            digest.update(piece)
        self._file.seek(end)
        self._file.write(digest.digest())
        self._file.flush()
        os.lseek(self._file.fileno(), 0, os.SEEK_SET)  # git reads on from where the descriptor stands


def _entry_header(size: int) -> bytes:
    """Type and size, seven bits a byte after the first four."""
    byte, rest = _BLOB << 4 | size & 0x0F, size >> 4
    header = bytearray()
    while rest:
        header.append(byte | 0x80)
        byte, rest = rest & 0x7F, rest >> 7
    header.append(byte)
    return bytes(header)
