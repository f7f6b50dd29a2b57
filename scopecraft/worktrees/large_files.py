"""Large files that git-lfs keeps beside a repository, lent to an agent and taken back.

A pointer's text follows from its file, so its id in git does too: whether a large file belongs to a history is asked of
git by that id. Only such are lent, and only such are taken: nothing that was deleted, nothing that nobody committed.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from scopecraft.atomic import storage_failed
from scopecraft.worktrees.git import Git
from scopecraft.worktrees.quarantine import Quarantine
from scopecraft.worktrees.repository import Repository

# git-lfs looks for `lfs/objects` beside each store that a repository borrows from
INSIDE = "/session/lfs"
SETTINGS: Mapping[str, str] = {
    "filter.lfs.clean": "git-lfs clean -- %f",
    "filter.lfs.smudge": "git-lfs smudge -- %f",
    "filter.lfs.process": "git-lfs filter-process",
    "filter.lfs.required": "true",
    # there is no remote inside: what the host has not fetched stays a pointer
    "lfs.skipdownloaderrors": "true",
    "lfs.locksverify": "false",
}
MOST_FILES = 10_000  # that are taken from one session
MOST_BYTES = 16 << 30
_NAME = re.compile(r"[0-9a-f]{64}")
_PART = re.compile(r"[0-9a-f]{2}")
_PIECE = 1 << 20
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class LargeFile:
    """`name` is its SHA-256 in hex digits."""

    name: str
    size_bytes: int

    @property
    def place(self) -> str:
        """Below `lfs/objects`."""
        return f"{self.name[:2]}/{self.name[2:4]}/{self.name}"

    def pointer_id(self, object_format: str) -> str:
        """The id of the blob by which a commit names it."""
        text = f"version https://git-lfs.github.com/spec/v1\noid sha256:{self.name}\nsize {self.size_bytes}\n".encode()
        return hashlib.new(object_format, b"blob %d\0" % len(text) + text, usedforsecurity=False).hexdigest()


def lend(repo: Repository, borrowed: Path, into: Path) -> None:
    """Links in `into`/objects to the large files of the history in the store `borrowed`. Raises StorageFailed."""
    store = _store(repo)
    git = repo.git.with_env(GIT_OBJECT_DIRECTORY=str(borrowed))
    try:
        _make_folder(into)
        for file in _committed(git, list(_listed(store)), repo.object_format):
            target = into / "objects" / file.place
            for folder in (target.parent.parent, target.parent):
                _make_folder(folder)
            try:
                os.link(store / file.place, target)
            except OSError:  # another file system, or one without hard links
                shutil.copyfile(store / file.place, target)
    except OSError as error:
        raise storage_failed(error, into) from error


def take_large_files(store: Quarantine, repo: Repository, private: Path) -> tuple[str, ...]:
    """Copy those that the taken commits name; names of files that are not what they are called.

    `private` is a git directory that an agent wrote in: nothing is followed there, and every byte is looked at.
    Raises StorageFailed.
    """
    try:
        with _opened(private, "lfs", "objects") as root:
            target = _store(repo)
            new = [file for file in _offered(root) if not (target / file.place).exists()]
            committed = _committed(store.git, new, repo.object_format)
            return tuple(file.name for file in committed if not _copied(root, file, target))
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise storage_failed(error, repo.common_dir) from error


@contextmanager
def _opened(folder: Path | int, *names: str) -> Iterator[int]:
    """A folder some levels below, no link on the way. Raises FileNotFoundError for anything else."""
    try:
        descriptor = os.open(folder, _FOLDER) if isinstance(folder, Path) else os.dup(folder)
        for name in names:
            above = descriptor
            try:
                descriptor = os.open(name, _FOLDER, dir_fd=above)
            finally:
                os.close(above)
    except OSError as error:
        raise FileNotFoundError(errno.ENOENT, "no such folder") from error
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _store(repo: Repository) -> Path:
    """The main repository's `lfs/objects`, or wherever `lfs.storage` says."""
    named = repo.git.run("config", "--type=path", "--get", "lfs.storage", check=False).stdout
    return (
        repo.common_dir / os.fsdecode(named).strip("\n") / "objects" if named else repo.common_dir / "lfs" / "objects"
    )


def _listed(store: Path) -> Iterator[LargeFile]:
    for path in store.glob("??/??/*"):
        if _NAME.fullmatch(path.name) and path.is_file():
            yield LargeFile(path.name, path.stat().st_size)


def _offered(root: int) -> list[LargeFile]:
    """Regular files at the places of their names, up to the limits."""
    found: list[LargeFile] = []
    left = MOST_BYTES
    for first in _names(root, _PART):
        with suppress(FileNotFoundError), _opened(root, first) as folder:
            for second in _names(folder, _PART):
                for file in _files(folder, first, second):
                    left -= file.size_bytes
                    if left < 0 or len(found) == MOST_FILES:
                        return found
                    found.append(file)
    return found


def _files(root: int, first: str, second: str) -> list[LargeFile]:
    found: list[LargeFile] = []
    with suppress(FileNotFoundError), _opened(root, second) as folder:
        for name in _names(folder, _NAME):
            status = os.stat(name, dir_fd=folder, follow_symlinks=False)
            if name.startswith(first + second) and stat.S_ISREG(status.st_mode):
                found.append(LargeFile(name, status.st_size))
    return found


def _names(folder: int, pattern: re.Pattern[str]) -> list[str]:
    with os.scandir(folder) as entries:
        some = (entry.name for _, entry in zip(range(MOST_FILES), entries, strict=False))
        return [name for name in some if pattern.fullmatch(name)]


def _committed(git: Git, files: list[LargeFile], object_format: str) -> list[LargeFile]:
    """Those whose pointers are among the objects that git sees."""
    if not files:
        return []
    ids = "".join(f"{file.pointer_id(object_format)}\n" for file in files).encode()
    answers = (
        git.run("cat-file", "--batch-check=%(objecttype)", input=ids).stdout.decode("ascii", "replace").splitlines()
    )
    return [file for file, answer in zip(files, answers, strict=True) if answer == "blob"]


def _copied(root: int, file: LargeFile, store: Path) -> bool:
    """Whether it was what its name says, and is in the store now."""
    try:
        with _opened(root, file.name[:2], file.name[2:4]) as folder:
            descriptor = os.open(file.name, _FILE, dir_fd=folder)
    except OSError:
        return False
    with os.fdopen(descriptor, "rb") as source:
        target = store / file.place
        target.parent.mkdir(parents=True, exist_ok=True)
        made, temporary = tempfile.mkstemp(prefix="scopecraft-", dir=target.parent)
        try:
            with os.fdopen(made, "wb") as copy:
                if not _is_what_it_says(source.fileno(), copy.fileno(), file):
                    return False
                os.fchmod(copy.fileno(), 0o644)
            Path(temporary).rename(target)
            return True
        finally:
            Path(temporary).unlink(missing_ok=True)


def _is_what_it_says(source: int, copy: int, file: LargeFile) -> bool:
    """Copies while it looks."""
    if not stat.S_ISREG(os.fstat(source).st_mode):
        return False
    digest, left = hashlib.sha256(), file.size_bytes
    while piece := os.read(source, _PIECE):
        left -= len(piece)
        if left < 0:
            return False
        digest.update(piece)
        rest = memoryview(piece)
        while rest:
            rest = rest[os.write(copy, rest) :]
    return left == 0 and digest.hexdigest() == file.name


def _make_folder(folder: Path) -> None:
    """That any user of a container can read, whatever the umask."""
    try:
        folder.mkdir(mode=0o755, parents=True)
    except OSError as error:
        if error.errno != errno.EEXIST:
            raise
    else:
        folder.chmod(0o755)
