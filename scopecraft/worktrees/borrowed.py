"""The objects that a private git directory borrows: what its refs reach, and nothing that was deleted from history.

They come from parcels, which all sessions of a repository share: packs in a folder of the home, made of the main
repository by the host's git. A session gets hard links to those that it may see, in a folder that its container cannot
write. So neither a gc of the main repository nor the sweeping of parcels takes anything from a session that runs.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path

from scopecraft.atomic import file_lock, private_folder, replace_file, storage_failed
from scopecraft.errors import GitFailed, LockHeld
from scopecraft.worktrees.alternates import alternates_file
from scopecraft.worktrees.git import Git
from scopecraft.worktrees.parcels import (
    UNUSED_SECONDS,
    Parcel,
    base_of,
    from_text,
    groups,
    kept,
    thinned,
    to_text,
    unknown_tips,
    usable,
)
from scopecraft.worktrees.repository import Repository
from scopecraft.worktrees.seeds import Seeds

_LIST = "parcels.json"
_LOCK = "lock"
_PARTS = (".pack", ".idx", ".rev")
_PACK_SECONDS = 3600  # for the first parcel of a huge repository
_SLOW_BYTES = 64 << 20
# Deltas that are there are taken over; to look for more would cost minutes where a gc was never run.
_PACK = ("pack-objects", "--revs", "--delta-base-offset", "--window=0", "--quiet", "--non-empty")


def _silent(_: str) -> None:
    """Nobody waits for it."""


@dataclass(frozen=True, slots=True)
class Borrowing:
    """`store` is the folder of the home with the parcels of all repositories, `into` the session's own, not there yet.

    `told` hears in a sentence what takes long.
    """

    store: Path
    into: Path
    told: Callable[[str], None] = field(default=_silent)


@dataclass(frozen=True, slots=True)
class _Shelf:
    """The parcels of one repository, while their lock is held."""

    folder: Path
    git: Git
    objects_dir: Path  # of the repository

    def pack_path(self, parcel: Parcel, suffix: str) -> Path:
        return self.folder / f"{parcel.pack}{suffix}"


def borrow(repo: Repository, seeds: Seeds, borrowing: Borrowing) -> Seeds:
    """Fill `into` with packs of everything that the seeds reach.

    The seeds without those whose history is not whole: a project may have a broken branch, and work on. Raises
    StorageFailed.
    """
    folder = borrowing.store / _key(repo)
    private_folder(folder)
    with file_lock(folder / _LOCK):
        shelf = _Shelf(folder, repo.git.with_env(GIT_NO_REPLACE_OBJECTS="1"), repo.objects_dir)
        known = tuple(parcel for parcel in _read(folder) if _is_whole(shelf, parcel))
        ids = frozenset((*(ref.id for ref in seeds.refs), *seeds.stash))
        chosen = thinned(usable(known, ids=ids, reached=_reached(shelf.git, unknown_tips(known, ids), ids)))
        if not chosen and _is_large(repo.objects_dir):
            borrowing.told("packing the repository's history for containers: the first time takes longest")
        chosen, broken = _completed(shelf, seeds, chosen)
        try:
            make_folder(borrowing.into)
            for parcel in chosen:
                if parcel.pack is not None:
                    link_pack(folder, parcel.pack, borrowing.into)
            if _is_stale(known, chosen):
                _write(shelf, kept(known, chosen, now=int(time.time())))
                _sweep(borrowing.store, but=folder)
        except OSError as error:
            raise storage_failed(error, borrowing.into) from error
    return seeds.without(broken)


@contextmanager
def packing(git: Git, objects_dir: Path, folder: Path) -> Iterator[Git]:
    """Git that begins its packs in `folder`, where they will be: the repository may be on another disk.

    Raises StorageFailed.
    """
    making = folder / "making"
    try:
        shutil.rmtree(making, ignore_errors=True)
        (making / "pack").mkdir(parents=True)
        (making / "info").mkdir()
        (making / "info" / "alternates").write_bytes(alternates_file((objects_dir,)))
        yield git.with_env(GIT_OBJECT_DIRECTORY=str(making)).with_config({"pack.compression": "1"})
    except OSError as error:
        raise storage_failed(error, folder) from error
    finally:
        shutil.rmtree(making, ignore_errors=True)


def make_folder(into: Path) -> None:
    """A store that any user of a container can read. Raises OSError."""
    for part in (into, into / "pack", into / "info"):
        part.mkdir(mode=0o755, exist_ok=True)
        part.chmod(0o755)  # whatever the umask


def link_pack(folder: Path, stem: str, into: Path) -> None:
    """A pack of one folder in the store `into` too; the index last, which makes it visible. Raises OSError."""
    for suffix in (".pack", ".rev", ".idx"):
        source, target = folder / f"{stem}{suffix}", into / "pack" / f"{stem}{suffix}"
        if not source.is_file() or target.exists():
            continue
        try:
            os.link(source, target)
        except OSError:  # another file system, or one without hard links
            shutil.copyfile(source, target)
            target.chmod(0o444)


def link_all(before: Path, into: Path) -> None:
    """What an earlier session saw: its half-done work builds on it. Raises OSError."""
    for index in sorted((before / "pack").glob("pack-*.idx")):
        link_pack(before / "pack", index.stem, into)


def _completed(shelf: _Shelf, seeds: Seeds, chosen: tuple[Parcel, ...]) -> tuple[tuple[Parcel, ...], Set[str]]:
    """With new parcels for what the chosen ones lack; ids that cannot be packed."""
    broken: set[str] = set()
    for rank, ids in enumerate(groups(seeds)):
        covered = {id_ for parcel in chosen for id_ in parcel.covers}
        fresh = tuple(id_ for id_ in ids if id_ not in covered and id_ not in broken)
        if not fresh:
            continue
        try:
            chosen = (*chosen, _made(shelf, rank, fresh, chosen))
        except GitFailed:
            for id_ in fresh:
                try:
                    chosen = (*chosen, _made(shelf, rank, (id_,), chosen))
                except GitFailed:
                    if _is_history_whole(shelf.git, id_):
                        raise  # it is the host's trouble, such as a full disk
                    broken.add(id_)
    return chosen, broken


def _made(shelf: _Shelf, rank: int, ids: Sequence[str], chosen: Iterable[Parcel]) -> Parcel:
    """A new parcel. A git that is killed leaves files that no list names, and the next sweep takes them away."""
    base = base_of(chosen, rank)
    revisions = "".join(f"{id_}\n" for id_ in ids) + "".join(f"^{id_}\n" for id_ in base)
    target = str(shelf.folder / "pack")
    with packing(shelf.git, shelf.objects_dir, shelf.folder) as git:
        done = git.run(*_PACK, target, input=revisions.encode(), timeout_seconds=_PACK_SECONDS)
    name = done.stdout.decode("ascii").strip()
    commits = _commits(shelf.git, ids)
    parcel = Parcel(
        rank=rank,
        tips=tuple(id_ for id_ in ids if id_ in commits),
        exact=tuple(id_ for id_ in ids if id_ not in commits),
        without=base,
        pack=f"pack-{name}" if name else None,
    )
    if parcel.pack is None:
        return parcel
    try:
        for suffix in _PARTS:
            part = shelf.pack_path(parcel, suffix)
            if part.exists():
                part.chmod(0o444)  # whatever core.sharedRepository says: the container's user reads it
        return replace(parcel, size_bytes=shelf.pack_path(parcel, ".pack").stat().st_size)
    except OSError as error:
        raise storage_failed(error, shelf.folder) from error


def _is_history_whole(git: Git, id_: str) -> bool:
    return git.run("rev-list", "--objects", "--quiet", id_, check=False, timeout_seconds=_PACK_SECONDS).exit_code == 0


def _commits(git: Git, ids: Iterable[str]) -> Set[str]:
    listing = git.run("cat-file", "--batch-check=%(objectname) %(objecttype)", input="\n".join(ids).encode() + b"\n")
    lines = (line.split(" ") for line in listing.stdout.decode("ascii", "replace").splitlines())
    return {words[0] for words in lines if words[1:] == ["commit"]}


def _reached(git: Git, tips: Sequence[str], ids: Iterable[str]) -> Set[str]:
    """Those tips that the ids reach; most often there is nothing to ask."""
    there = _commits(git, tips) if tips else frozenset()
    if not there:
        return there
    revisions = "".join(f"{tip}\n" for tip in sorted(there)) + "".join(f"^{id_}\n" for id_ in ids)
    # a broken ref among the ids says nothing, and hides nothing: then fewer tips are taken as reached
    walked = git.run("rev-list", "--ignore-missing", "--stdin", input=revisions.encode(), check=False)
    if walked.exit_code != 0:
        return frozenset()
    return there - set(walked.stdout.decode("ascii").split())


def _is_whole(shelf: _Shelf, parcel: Parcel) -> bool:
    """Whether its files are there, as long as they were, and belong to each other. Reads 60 bytes of each."""
    if parcel.pack is None:
        return True
    try:
        pack, index = shelf.pack_path(parcel, ".pack"), shelf.pack_path(parcel, ".idx")
        if pack.stat().st_size != parcel.size_bytes:
            return False
        length = 32 if len((*parcel.covers, "")[0]) == 64 else 20
        checksum = _tail(pack, length)
        return any(checksum) and _tail(index, 2 * length)[:length] == checksum
    except OSError:
        return False


def _tail(file: Path, length: int) -> bytes:
    with file.open("rb") as opened:
        opened.seek(-length, os.SEEK_END)
        return opened.read(length)


def _read(folder: Path) -> tuple[Parcel, ...]:
    try:
        return from_text((folder / _LIST).read_bytes())
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise storage_failed(error, folder / _LIST) from error


def _is_stale(known: Sequence[Parcel], chosen: Sequence[Parcel]) -> bool:
    """Whether the list must be written: something is new, or was used last more than a day ago."""
    day = 24 * 3600
    return any(parcel not in known or time.time() - parcel.used_at > day for parcel in chosen)


def _write(shelf: _Shelf, parcels: Sequence[Parcel]) -> None:
    """The list first: a file that it does not name is nobody's. Raises OSError and StorageFailed."""
    replace_file(shelf.folder / _LIST, to_text(parcels))
    named = {f"{parcel.pack}{suffix}" for parcel in parcels if parcel.pack for suffix in _PARTS} | {_LIST, _LOCK}
    for path in shelf.folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        elif path.name not in named:
            path.unlink(missing_ok=True)


def _sweep(store: Path, *, but: Path) -> None:
    """Parcels of repositories that nobody has worked on for long. Raises OSError."""
    for folder in store.iterdir():
        listing = folder / _LIST
        if folder == but or not listing.is_file() or time.time() - listing.stat().st_mtime < UNUSED_SECONDS:
            continue
        try:
            with file_lock(folder / _LOCK, timeout=0):
                shutil.rmtree(folder, ignore_errors=True)
        except LockHeld:
            continue  # somebody begins to work on it just now


def _key(repo: Repository) -> str:
    """Of a repository as deep as it is now: a shallow one that is deepened reaches more from the same tips."""
    shallow = repo.common_dir / "shallow"
    depth = shallow.read_bytes() if shallow.is_file() else b""
    return sha256(os.fsencode(repo.common_dir) + b"\0" + depth).hexdigest()[:16]


def _is_large(objects_dir: Path) -> bool:
    """Packs of the repository itself only, without what it borrows."""
    return sum(pack.stat().st_size for pack in (objects_dir / "pack").glob("*.pack")) > _SLOW_BYTES
