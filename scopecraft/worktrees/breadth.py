"""How many paths a tree has, before anything lists them all: trees that hold each other make billions of a few KB."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing

from scopecraft.errors import CommitsRefused, GitFailed
from scopecraft.worktrees.git import Git

MOST_PATHS = 1_000_000
MOST_BYTES = 128 << 20  # of all paths together
_GROWTH = 4  # a larger project's trees may have so many times what it has already
_LONGEST_PATH = 4095  # no longer one can be checked out; and git runs out of stack in trees that are deep enough


def check_breadth(git: Git, tree: str, *, base: str, timeout_seconds: float) -> None:
    """`base` is a tree of the project's own. Raises CommitsRefused for one that is out of all proportion to it."""
    if tree == base:
        return
    try:
        if _is_within(git, tree, (MOST_PATHS, MOST_BYTES), timeout_seconds):
            return
        paths, size = _measure(git, base, timeout_seconds)
        if _is_within(git, tree, (_GROWTH * paths, _GROWTH * size), timeout_seconds):
            return
    except GitFailed as error:
        raise CommitsRefused(f"commits not taken back: {error.message}", error.hint) from error
    raise CommitsRefused(
        f"commits not taken back: a tree has more than {MOST_PATHS} paths, or one that is too long",
        "they are still in the session's folder, under git/",
    )


def _is_within(git: Git, tree: str, most: tuple[int, int], timeout_seconds: float) -> bool:
    paths = size = 0
    with closing(_paths(git, tree, timeout_seconds)) as found:
        for path in found:
            paths, size = paths + 1, size + len(path)
            if paths > most[0] or size > most[1] or len(path) > _LONGEST_PATH:
                return False
    return True


def _measure(git: Git, tree: str, timeout_seconds: float) -> tuple[int, int]:
    paths = size = 0
    for path in _paths(git, tree, timeout_seconds):
        paths, size = paths + 1, size + len(path)
    return paths, size


def _paths(git: Git, tree: str, timeout_seconds: float) -> Generator[bytes, None, None]:
    # with the folders: trees of empty trees have no files, and are walked for ever all the same
    return git.records("ls-tree", "-r", "-t", "-z", "--name-only", tree, timeout_seconds=timeout_seconds)
