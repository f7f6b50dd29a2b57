"""The files and the index of a checkout, brought from one commit to another with everything else left as it is.

A checkout may be the person's own. Git works on a copy of its index while we hold `index.lock` ourselves, so nobody's
git gets between, and whatever dies leaves a lock that says it is ours. The person's filters run (git-lfs must), as they
do for `git switch`; hooks do not, nor a filter whose program lies in the checkout.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from scopecraft.atomic import storage_failed
from scopecraft.errors import Refused
from scopecraft.model.host_files import GITLINK
from scopecraft.model.text import clean_line
from scopecraft.worktrees.git import Git
from scopecraft.worktrees.in_the_way import (
    ABSENT,
    SECONDS,
    Checkout,
    is_no_folder,
    names_from,
    parents_of,
    touched_paths,
)

OURS = b"scopecraft "  # how an index.lock of ours begins
_PRIVATE = "scopecraft-index"
_MARK = "scopecraft-index-mark"


@contextmanager
def index_held(checkout: Checkout, nonce: str) -> Iterator[None]:
    """Hold the checkout's `index.lock`, also one of the same nonce that a killed process of ours left.

    Raises Refused while another git holds it. Let go of only where the block ends well, or raises.
    """
    lock = checkout.admin / "index.lock"
    marked = checkout.admin / _MARK
    try:
        marked.write_bytes(OURS + nonce.encode())
        _link(marked, lock)
    except FileExistsError as error:
        if not is_ours(checkout, nonce):
            raise Refused(
                f"another git is at work in {clean_line(str(checkout.top))}: it holds {clean_line(str(lock))}",
                "wait for it and try again; if none runs, one was killed there: remove that file",
            ) from error
    except OSError as error:
        raise storage_failed(error, lock) from error
    try:
        yield
    finally:
        let_go(checkout, nonce)


def _link(marked: Path, lock: Path) -> None:
    """So that the lock never stands there without its mark; but where there are no links, nearly never."""
    try:
        os.link(marked, lock)
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.EMLINK):
            raise
        with lock.open("xb") as file:
            file.write(marked.read_bytes())


def is_ours(checkout: Checkout, nonce: str) -> bool:
    """Whether its `index.lock` is of that nonce."""
    try:
        found = (checkout.admin / "index.lock").read_bytes()
    except OSError:
        return False
    return found == OURS + nonce.encode()


def is_half_way(admin: Path) -> bool:
    """Whether somebody moves the files of a checkout just now, or was killed at it."""
    return (admin / _MARK).exists()


def let_go(checkout: Checkout, nonce: str) -> None:
    for name in (_PRIVATE, f"{_PRIVATE}.lock", _MARK):
        (checkout.admin / name).unlink(missing_ok=True)
    if is_ours(checkout, nonce):
        (checkout.admin / "index.lock").unlink(missing_ok=True)


def advance(git: Git, checkout: Checkout, before: str, after: str) -> None:
    """From one commit to the other, while `index_held`. Raises GitFailed, StorageFailed with files half way."""
    private = _copied_index(git, checkout)
    private.run("read-tree", "-m", "-u", before, after, timeout_seconds=SECONDS)
    _put_in_place(checkout)


def refuse_unmovable(git: Git, checkout: Checkout, before: str, after: str) -> None:
    """Git's own word on whether `advance` will do, while `index_held`; nothing is changed. Raises Refused."""
    told = _copied_index(git, checkout).run("read-tree", "-n", "-m", "-u", before, after, check=False)
    if told.exit_code != 0:
        words = [line.strip() for line in told.stderr.splitlines() if line.strip()]
        said = clean_line(words[0].removeprefix("error: ") if words else "it cannot be told why", 300)
        raise Refused(
            f"the files of {clean_line(str(checkout.top))} cannot be brought there: {said}",
            "commit or put away what you changed there, and try again",
        )


def finish(git: Git, checkout: Checkout, before: str, after: str, *, forward: bool) -> None:
    """To one of the two from wherever an `advance` left the files, while `index_held`.

    What of the paths that differ is as in either commit, missing, or a part of what it was to be, is written or
    deleted; what a person has made of one since stays, and shows as changed.
    """
    touched = touched_paths(git, before, after)
    private = _copied_index(git, checkout)
    as_before = _unchanged(private, touched, after, before)
    as_after = _unchanged(private, touched, before, after)
    if not forward:
        _read_tree(private, after, before)
    wanted = {path: modes[1 if forward else 0] for path, modes in touched.items()}
    there = as_after if forward else as_before
    top = checkout.top
    ours = {path for path in touched if path in as_before | as_after or _is_part(private, top, path, after)}
    _delete(top, [path for path in ours if wanted[path] == ABSENT])
    lacking = [path for path, mode in wanted.items() if mode not in (ABSENT, GITLINK) and path not in there]
    _write(private, [path for path in lacking if _is_in_reach(top, path) and (path in ours or _is_free(top, path))])
    _make_gitlinks(checkout.top, touched if forward else {path: (b, a) for path, (a, b) in touched.items()})
    private.run("update-index", "-q", "--refresh", check=False, timeout_seconds=SECONDS)
    _put_in_place(checkout)


def _unchanged(private: Git, touched: Iterable[str], other: str, commit: str) -> set[str]:
    """The paths that are on the disk as in the commit; the index is brought there from the other one."""
    _read_tree(private, other, commit)
    tracked = set(names_from(private, "ls-files", "-z"))
    unlike = set(names_from(private, "diff-files", "--name-only", "-z"))
    return {path for path in touched if path in tracked and path not in unlike}


def _read_tree(private: Git, source: str, target: str) -> None:
    """The index alone; entries that are there already stay."""
    private.run("read-tree", "-i", "-m", source, target, timeout_seconds=SECONDS)
    private.run("update-index", "-q", "--refresh", check=False, timeout_seconds=SECONDS)


def _copied_index(git: Git, checkout: Checkout) -> Git:
    private = checkout.admin / _PRIVATE
    (checkout.admin / f"{_PRIVATE}.lock").unlink(missing_ok=True)  # of a git of ours that was killed
    try:
        shutil.copy2(checkout.admin / "index", private)  # with its time: git takes files of the same moment for dirty
    except FileNotFoundError:
        private.unlink(missing_ok=True)
    except OSError as error:
        raise storage_failed(error, private) from error
    copied = git.with_env(GIT_INDEX_FILE=str(private))
    copied.run("update-index", "-q", "--refresh", check=False, timeout_seconds=SECONDS)
    return copied


def _put_in_place(checkout: Checkout) -> None:
    try:
        (checkout.admin / _PRIVATE).replace(checkout.admin / "index")
    except OSError as error:
        raise storage_failed(error, checkout.admin / "index") from error


def _is_in_reach(top: Path, path: str) -> bool:
    """Whether its parents, as far as there are any, are folders: no link, which may lead anywhere, and no file."""
    return not any(is_no_folder(top / parent) for parent in parents_of(path))


def _is_free(top: Path, path: str) -> bool:
    return not os.path.lexists(top / path)


def _delete(top: Path, paths: Iterable[str]) -> None:
    for path in paths:
        if not _is_in_reach(top, path):
            continue
        with suppress(OSError):
            (top / path).unlink()
        for parent in parents_of(path):
            try:
                (top / parent).rmdir()
            except OSError:
                break


def _is_part(git: Git, top: Path, path: str, after: str) -> bool:
    """Whether the beginning of what was to be is there."""
    place = top / path
    if not _is_in_reach(top, path) or place.is_symlink() or not place.is_file():
        return False
    wanted = git.run("cat-file", "--filters", f"{after}:{path}", check=False, timeout_seconds=SECONDS)
    return wanted.exit_code == 0 and wanted.stdout.startswith(place.read_bytes())


def _write(git: Git, paths: Sequence[str]) -> None:
    # attributes first: those on the disk say how the others are written
    first = [path for path in paths if path.rpartition("/")[2] == ".gitattributes"]
    for some in (first, [path for path in paths if path not in set(first)]):
        if some:
            names = b"".join(os.fsencode(path) + b"\0" for path in some)
            git.run("checkout-index", "-f", "-q", "-u", "-z", "--stdin", input=names, timeout_seconds=SECONDS)


def _make_gitlinks(top: Path, touched: Mapping[str, tuple[str, str]]) -> None:
    """An empty folder for each new one, as git makes it; what is in one that goes stays."""
    for path, (before, after) in touched.items():
        if not _is_in_reach(top, path):
            continue
        with suppress(OSError):
            if after == GITLINK:
                (top / path).mkdir(parents=True, exist_ok=True)
            elif before == GITLINK:
                (top / path).rmdir()
