"""A checkout, and what stands in it where a move of its branch would write: a person's own, which is never touched."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from scopecraft.errors import Refused, RepositoryRefused
from scopecraft.model.host_files import GITLINK
from scopecraft.model.text import clean_line
from scopecraft.worktrees.filters import overrides
from scopecraft.worktrees.git import Git
from scopecraft.worktrees.nested import strangers_in
from scopecraft.worktrees.pointer import admin_dir, verify_pointer
from scopecraft.worktrees.uncommitted import changes

ABSENT = "000000"
SECONDS = 900
_MOST_NAMED = 8


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
    around = {parent for path in touched for parent in parents_of(path)}
    found = {path for path in own if path in touched or path in around or any(p in touched for p in parents_of(path))}
    found |= {path for path in folders if path in touched or path in around}
    found |= set(_ignored_in_the_way(git, checkout.top, touched))
    if local.unmerged or found:
        named = sorted(found or local.unmerged)
        listed = ", ".join(clean_line(path, 80) for path in named[:_MOST_NAMED])
        more = f" and {len(named) - _MOST_NAMED} more" if len(named) > _MOST_NAMED else ""
        what = "conflicts that nobody has resolved" if not found else "changes of your own in files that would change"
        raise Refused(
            f"{clean_line(str(checkout.top))} has {what}: {listed}{more}",
            f"put them away first: git -C {clean_line(str(checkout.top))} stash -u   or move what git ignores",
        )


def touched_paths(git: Git, before: str, after: str) -> dict[str, tuple[str, str]]:
    """Every path that differs between two commits, with its mode in each; `000000` where it is not there."""
    arguments = ("diff-tree", "-r", "-z", "--raw", "--no-renames", "--ignore-submodules=none", before, after)
    records = list(git.records(*arguments, timeout_seconds=SECONDS))
    heads = [record.decode("ascii").removeprefix(":").split(" ") for record in records[::2]]
    paths = [os.fsdecode(record) for record in records[1::2]]
    return {path: (head[0], head[1]) for path, head in zip(paths, heads, strict=True)}


def names_from(git: Git, *arguments: str) -> Iterator[str]:
    return (os.fsdecode(record) for record in git.records(*arguments, timeout_seconds=SECONDS))


def parents_of(path: str) -> Iterator[str]:
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path


def is_no_folder(place: Path) -> bool:
    try:
        return not stat.S_ISDIR(place.lstat().st_mode)
    except OSError:
        return False


def _ignored_in_the_way(git: Git, top: Path, touched: Mapping[str, tuple[str, str]]) -> Iterator[str]:
    """What stands where a new file is to be and git would overwrite without a word, since it is ignored."""
    added = [path for path, (before, after) in touched.items() if before == ABSENT != after]
    if not added:
        return
    tracked = set(names_from(git, "ls-files", "-z"))
    for path in added:
        blocking = next((p for p in (*reversed(list(parents_of(path))), path) if is_no_folder(top / p)), None)
        if blocking is not None and blocking not in tracked:
            yield blocking
        elif blocking is None and touched[path][1] != GITLINK and (top / path).is_dir():
            yield from _untracked_in(top, path, tracked)


def _untracked_in(top: Path, path: str, tracked: set[str]) -> Iterator[str]:
    for folder, folders, files in os.walk(top / path):
        links = [name for name in folders if (Path(folder) / name).is_symlink()]
        inside = (os.path.relpath(os.path.join(folder, name), top) for name in (*files, *links))  # noqa: PTH118
        yield from (name for name in inside if name not in tracked)
