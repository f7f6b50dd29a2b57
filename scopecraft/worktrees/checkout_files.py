"""The files and the index of a checkout, brought from one commit to another with everything else left as it is.

A checkout may be the person's own. Git works on a copy of its index while we hold `index.lock` ourselves, so nobody's
git gets between, and whatever dies leaves a lock that says it is ours. The person's filters run (git-lfs must), as they
do for `git switch`; hooks do not, nor a filter whose program lies in the checkout.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from scopecraft.atomic import storage_failed
from scopecraft.errors import Refused, RepositoryRefused
from scopecraft.model.text import clean_line
from scopecraft.worktrees.filters import overrides
from scopecraft.worktrees.git import Git
from scopecraft.worktrees.nested import strangers_in
from scopecraft.worktrees.pointer import admin_dir, verify_pointer
from scopecraft.worktrees.uncommitted import changes

OURS = b"scopecraft "  # how an index.lock of ours begins
_PRIVATE = "scopecraft-index"
_MARK = "scopecraft-index-mark"
_GITLINK = "160000"
_ABSENT = "000000"
_MOST_NAMED = 8
_SECONDS = 900


@dataclass(frozen=True, slots=True)
class Checkout:
    """`admin` is what git keeps of it: the main checkout's is the repository itself."""

    top: Path
    admin: Path
    is_main: bool

    def git(self, common_dir: Path) -> Git:
        """Raises UnsafeTree where a worktree's pointer is not what git wrote."""
        pointer = None
        if not self.is_main:
            pointer = verify_pointer(self.top, common_dir)
            if admin_dir(pointer).resolve() != self.admin:
                raise RepositoryRefused(f"{clean_line(str(self.top))} is another worktree now", "git worktree list")
        git = Git(self.top, git_dir=self.admin, work_tree=self.top, pointer=pointer)
        return git.with_config(overrides(git, self.top))


def refuse_in_the_way(git: Git, checkout: Checkout, before: str, after: str) -> None:
    """Raises Refused, naming them, for local changes and files of the person's that the move would touch."""
    pipes = strangers_in(checkout.top).pipes if not checkout.is_main else ()
    if pipes:
        raise Refused(f"git cannot look into {clean_line(str(checkout.top / pipes[0]), 200)}: a pipe", "remove it")
    touched = touched_paths(git, before, after)
    local = changes(git, with_ignored=False)
    own = {*local.staged, *local.modified, *local.deleted, *local.untracked, *local.unmerged, *local.hidden}
    folders = {path.rstrip("/") for path in local.repositories}
    around = {parent for path in touched for parent in _parents(path)}
    found = {path for path in own if path in touched or path in around or any(p in touched for p in _parents(path))}
    found |= {path for path in folders if path in touched or path in around}
    found |= set(_ignored_in_the_way(git, checkout.top, touched))
    if local.unmerged or found:
        named = sorted(found or local.unmerged)
        listed = ", ".join(clean_line(path, 80) for path in named[:_MOST_NAMED])
        more = f" and {len(named) - _MOST_NAMED} more" if len(named) > _MOST_NAMED else ""
        what = "conflicts that nobody has resolved" if not found else "changes of your own in files that would change"
        raise Refused(
            f"{clean_line(str(checkout.top))} has {what}: {listed}{more}",
            f"commit them or put them away first: git -C {clean_line(str(checkout.top))} stash -u",
        )


def touched_paths(git: Git, before: str, after: str) -> dict[str, tuple[str, str]]:
    """Every path that differs between two commits, with its mode in each; `000000` where it is not there."""
    arguments = ("diff-tree", "-r", "-z", "--raw", "--no-renames", "--ignore-submodules=none", before, after)
    records = list(git.records(*arguments, timeout_seconds=_SECONDS))
    heads = [record.decode("ascii").removeprefix(":").split(" ") for record in records[::2]]
    paths = [os.fsdecode(record) for record in records[1::2]]
    return {path: (head[0], head[1]) for path, head in zip(paths, heads, strict=True)}


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
    private.run("read-tree", "-m", "-u", before, after, timeout_seconds=_SECONDS)
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
    _delete(top, [path for path in ours if wanted[path] == _ABSENT])
    lacking = [path for path, mode in wanted.items() if mode not in (_ABSENT, _GITLINK) and path not in there]
    _write(private, [path for path in lacking if _is_in_reach(top, path) and (path in ours or _is_free(top, path))])
    _make_gitlinks(checkout.top, touched if forward else {path: (b, a) for path, (a, b) in touched.items()})
    private.run("update-index", "-q", "--refresh", check=False, timeout_seconds=_SECONDS)
    _put_in_place(checkout)


def _unchanged(private: Git, touched: Iterable[str], other: str, commit: str) -> set[str]:
    """The paths that are on the disk as in the commit; the index is brought there from the other one."""
    _read_tree(private, other, commit)
    tracked = set(_names(private, "ls-files", "-z"))
    unlike = set(_names(private, "diff-files", "--name-only", "-z"))
    return {path for path in touched if path in tracked and path not in unlike}


def _read_tree(private: Git, source: str, target: str) -> None:
    """The index alone; entries that are there already stay."""
    private.run("read-tree", "-i", "-m", source, target, timeout_seconds=_SECONDS)
    private.run("update-index", "-q", "--refresh", check=False, timeout_seconds=_SECONDS)


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
    copied.run("update-index", "-q", "--refresh", check=False, timeout_seconds=_SECONDS)
    return copied


def _put_in_place(checkout: Checkout) -> None:
    try:
        (checkout.admin / _PRIVATE).replace(checkout.admin / "index")
    except OSError as error:
        raise storage_failed(error, checkout.admin / "index") from error


def _names(git: Git, *arguments: str) -> Iterator[str]:
    return (os.fsdecode(record) for record in git.records(*arguments, timeout_seconds=_SECONDS))


def _parents(path: str) -> Iterator[str]:
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path


def _ignored_in_the_way(git: Git, top: Path, touched: Mapping[str, tuple[str, str]]) -> Iterator[str]:
    """What stands where a new file is to be and git would overwrite without a word, since it is ignored."""
    added = [path for path, (before, after) in touched.items() if before == _ABSENT != after]
    if not added:
        return
    tracked = set(_names(git, "ls-files", "-z"))
    for path in added:
        blocking = next((p for p in (*reversed(list(_parents(path))), path) if _is_no_folder(top / p)), None)
        if blocking is not None and blocking not in tracked:
            yield blocking
        elif blocking is None and touched[path][1] != _GITLINK and (top / path).is_dir():
            yield from _untracked_in(top, path, tracked)


def _is_no_folder(place: Path) -> bool:
    try:
        return not stat.S_ISDIR(place.lstat().st_mode)
    except OSError:
        return False


def _untracked_in(top: Path, path: str, tracked: set[str]) -> Iterator[str]:
    for folder, _, files in os.walk(top / path):
        inside = (os.path.relpath(os.path.join(folder, name), top) for name in files)  # noqa: PTH118
        yield from (name for name in inside if name not in tracked)


def _is_in_reach(top: Path, path: str) -> bool:
    """Whether its parents, as far as there are any, are folders: no link, which may lead anywhere, and no file."""
    return not any(_is_no_folder(top / parent) for parent in _parents(path))


def _is_free(top: Path, path: str) -> bool:
    return not os.path.lexists(top / path)


def _delete(top: Path, paths: Iterable[str]) -> None:
    for path in paths:
        if not _is_in_reach(top, path):
            continue
        with suppress(OSError):
            (top / path).unlink()
        for parent in _parents(path):
            try:
                (top / parent).rmdir()
            except OSError:
                break


def _is_part(git: Git, top: Path, path: str, after: str) -> bool:
    """Whether the beginning of what was to be is there."""
    place = top / path
    if not _is_in_reach(top, path) or place.is_symlink() or not place.is_file():
        return False
    wanted = git.run("cat-file", "--filters", f"{after}:{path}", check=False, timeout_seconds=_SECONDS)
    return wanted.exit_code == 0 and wanted.stdout.startswith(place.read_bytes())


def _write(git: Git, paths: Sequence[str]) -> None:
    # attributes first: those on the disk say how the others are written
    first = [path for path in paths if path.rpartition("/")[2] == ".gitattributes"]
    for some in (first, [path for path in paths if path not in set(first)]):
        if some:
            names = b"".join(os.fsencode(path) + b"\0" for path in some)
            git.run("checkout-index", "-f", "-q", "-u", "-z", "--stdin", input=names, timeout_seconds=_SECONDS)


def _make_gitlinks(top: Path, touched: Mapping[str, tuple[str, str]]) -> None:
    """An empty folder for each new one, as git makes it; what is in one that goes stays."""
    for path, (before, after) in touched.items():
        if not _is_in_reach(top, path):
            continue
        with suppress(OSError):
            if after == _GITLINK:
                (top / path).mkdir(parents=True, exist_ok=True)
            elif before == _GITLINK:
                (top / path).rmdir()
