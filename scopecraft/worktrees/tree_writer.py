"""Files written and moved below a folder that an agent may have filled: no link on the way is followed."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import Self

from scopecraft.atomic import storage_failed

_FLAGS = os.O_NOFOLLOW | os.O_CLOEXEC


class TreeWriter:
    """Files below a folder; no link on the way is followed, and nothing outside is touched."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __enter__(self) -> Self:
        try:
            self._root = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY | _FLAGS)
        except OSError as error:
            raise storage_failed(error, self._folder) from error
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._root)

    def remove(self, path: str) -> None:
        """A file, and the folders above it that are empty then."""
        with suppress(OSError):
            parent, name = self._parent(path)
            try:
                os.unlink(name, dir_fd=parent)
            finally:
                os.close(parent)
            above = path.rpartition("/")[0]
            while above:
                folder, name = self._parent(above)
                try:
                    os.rmdir(name, dir_fd=folder)
                finally:
                    os.close(folder)
                above = above.rpartition("/")[0]

    def write(self, path: str, mode: str, content: bytes) -> None:
        """In the place of a file or an empty folder; modes are git's. Raises StorageFailed."""
        try:
            parent, name = self._parent(path)
            try:
                with suppress(FileNotFoundError, IsADirectoryError):
                    os.unlink(name, dir_fd=parent)
                with suppress(OSError):
                    os.rmdir(name, dir_fd=parent)
                if mode == "120000":
                    os.symlink(content, os.fsencode(name), dir_fd=parent)
                else:
                    self._write(parent, name, content, 0o777 if mode == "100755" else 0o666)
            finally:
                os.close(parent)
        except OSError as error:
            raise storage_failed(error, self._folder / path) from error

    def _write(self, parent: int, name: str, content: bytes, mode: int) -> None:
        descriptor = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _FLAGS, mode, dir_fd=parent)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)

    def move_in(self, source: Path, path: str) -> bool:
        """False where something stands there."""
        try:
            parent, name = self._parent(path)
            try:
                with suppress(FileNotFoundError):
                    info = os.stat(name, dir_fd=parent, follow_symlinks=False)
                    if not stat.S_ISDIR(info.st_mode):
                        return False
                    os.rmdir(name, dir_fd=parent)  # git makes an empty folder for a submodule
                os.rename(source, name, dst_dir_fd=parent)
            finally:
                os.close(parent)
        except OSError:
            return False
        return True

    def _parent(self, path: str) -> tuple[int, str]:
        """A descriptor of the folder, made where it is missing. Raises OSError for a link on the way."""
        *folders, name = path.split("/")
        current = os.dup(self._root)
        try:
            for folder in folders:
                with suppress(FileExistsError):
                    os.mkdir(folder, dir_fd=current)
                deeper = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | _FLAGS, dir_fd=current)
                os.close(current)
                current = deeper
        except BaseException:
            os.close(current)
            raise
        return current, name
