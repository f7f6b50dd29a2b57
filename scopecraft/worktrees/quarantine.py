"""Objects of a stranger, looked at before they come into the main repository's object store."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from scopecraft.atomic import storage_failed
from scopecraft.errors import CommitsRefused, GitFailed
from scopecraft.worktrees.alternates import alternates_file
from scopecraft.worktrees.git import Git, GitResult, failure
from scopecraft.worktrees.harvest import PACK_BYTES
from scopecraft.worktrees.repository import Repository

_EMPTY_PACK = b"\0\0\0\0"
_SECONDS = 300  # for all of it: the harvest had two minutes to make the packs
# A small pack can hold huge objects: they are streamed, not held in memory.
_FRUGAL = {"core.bigFileThreshold": "32m", "core.deltaBaseCacheLimit": "64m", "pack.threads": "2"}
# A delta cannot be streamed, and a few KB of one make gigabytes. Git itself makes none of files beyond this size.
_MEMORY = {"GIT_ALLOC_LIMIT": "512m"}
# A partial clone asks its remote for each object that is missing: not for those that a stranger names.
_ALONE = {"GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": "none"}


@dataclass(frozen=True, slots=True)
class Quarantine:
    """A store of its own that borrows what the session borrowed; `git` sees both, and nothing else.

    An object that the main repository has and no ref reaches is missing here: who knows the id of something that was
    deleted must not bring it back by a commit that names it. `until` is when patience with a stranger's objects ends,
    on the monotonic clock.
    """

    folder: Path
    objects_dir: Path
    git: Git
    until: float

    @property
    def seconds_left(self) -> float:
        return max(1.0, self.until - time.monotonic())

    def import_pack(self, pack: BinaryIO) -> None:
        """Every object is checked by `index-pack --strict`. Raises CommitsRefused with git's reason."""
        header = os.pread(pack.fileno(), 12, 0)
        if header.startswith(b"PACK") and header[8:] == _EMPTY_PACK:
            return
        options = ("--strict", "--fix-thin", "--stdin", f"--max-input-size={PACK_BYTES}")
        try:
            result = self.git.run(
                "index-pack", *options, stdin_file=pack, check=False, timeout_seconds=self.seconds_left
            )
        except GitFailed as error:
            raise _unfinished(error) from error
        if result.exit_code != 0:
            raise _not_taken("index-pack", result)

    def empty(self) -> None:
        """Forget what was imported."""
        shutil.rmtree(self.folder / "pack", ignore_errors=True)

    def look_up(self, names: Sequence[str]) -> dict[str, tuple[str, str]]:
        """Id and type (commit, tree, blob, tag) by name: an id, or `<id>^{tree}`; what is nowhere is left out."""
        result = self.git.run("cat-file", "--batch-check=%(objectname) %(objecttype)", input=_lines(names))
        answers = (line.rsplit(" ", 1) for line in result.stdout.decode("utf-8", "replace").splitlines())
        return {name: (id_, type_) for name, (id_, type_) in zip(names, answers, strict=True) if type_ != "missing"}

    def check_connected(self, ids: Sequence[str], *, known: Sequence[str]) -> None:
        """Raises CommitsRefused unless everything that the ids lead to is here; what `known` leads to is."""
        walk = ("rev-list", "--objects", "--quiet", "--stdin")
        revisions = _lines([*ids, *(f"^{id_}" for id_ in known)])
        try:
            result = self.git.run(*walk, input=revisions, check=False, timeout_seconds=self.seconds_left)
        except GitFailed as error:
            raise _unfinished(error) from error
        if result.exit_code != 0:
            raise _not_taken("rev-list", result)

    @contextmanager
    def released(self) -> Iterator[None]:
        """Inside, the objects are in the main store and no gc takes them; make refs to them there."""
        target = self.objects_dir / "pack"
        keeps: list[Path] = []
        try:
            for index in sorted((self.folder / "pack").glob("pack-*.idx")):
                keep = target / f"{index.stem}.keep"
                _write_keep(keep)
                keeps.append(keep)
                _move_in(index, target)
            yield
        except OSError as error:
            raise storage_failed(error, target) from error
        finally:
            for keep in keeps:
                with suppress(OSError):
                    keep.unlink()


@contextmanager
def quarantine(repo: Repository, borrowed: Path) -> Iterator[Quarantine]:
    """A folder in the main object store; git itself removes it one day should we be killed.

    `borrowed` is the store that the session read. One of an earlier version of scopecraft read the main one.
    """
    store = borrowed if borrowed.is_dir() else repo.objects_dir
    try:
        folder = Path(tempfile.mkdtemp(prefix="tmp_objdir-scopecraft-", dir=repo.objects_dir))
    except OSError as error:
        raise storage_failed(error, repo.objects_dir) from error
    try:
        (folder / "info").mkdir()
        (folder / "info" / "alternates").write_bytes(alternates_file((store,)))
        git = repo.git.with_env(GIT_OBJECT_DIRECTORY=str(folder), **_MEMORY, **_ALONE).with_config(_FRUGAL)
        yield Quarantine(folder, repo.objects_dir, git, until=time.monotonic() + _SECONDS)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _lines(names: Sequence[str]) -> bytes:
    return "".join(f"{name}\n" for name in names).encode()


def _write_keep(keep: Path) -> None:
    keep.parent.mkdir(exist_ok=True)
    keep.write_bytes(b"scopecraft is taking this in\n")


def _move_in(index: Path, target: Path) -> None:
    """The index last: it makes the pack visible. A pack of that name has the same objects already."""
    if (target / index.name).exists():
        return
    for suffix in (".pack", ".rev", ".idx"):
        part = index.with_suffix(suffix)
        if part.exists():
            part.rename(target / part.name)


def _unfinished(error: GitFailed) -> CommitsRefused:
    return CommitsRefused(f"commits not taken back: {error.message}", error.hint)


def _not_taken(verb: str, result: GitResult) -> CommitsRefused:
    return CommitsRefused(
        f"commits not taken back: {failure((verb,), result).message}",
        "they are still in the session's folder, under git/",
    )
