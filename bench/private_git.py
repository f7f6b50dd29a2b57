"""A private git directory with what it borrows, for small and large repositories. `python -m bench.private_git`

The first session of a repository packs what its refs reach; the next ones share that. The floor of the first one is
git's own `clone --bare`, which packs the same; loose objects and packed ones are measured apart.
"""

from __future__ import annotations

import os
import shutil
import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.measure import Figure, print_figures
from bench.takeback import BRANCH, git, make_repository, timed
from scopecraft.worktrees.pointer import read_pointer
from scopecraft.worktrees.private import PrivateRequest, make_private
from scopecraft.worktrees.repository import Repository

SIZES = (500, 5000, 50_000)
ROUNDS = 5


def figures(files: int) -> Iterator[Figure]:
    with tempfile.TemporaryDirectory(prefix="sc-bench-") as name:
        root = Path(name)
        repo, worktree = make_repository(root, files)
        for state in ("loose", "packed"):
            if state == "packed":
                git(repo.path, "gc", "-q")
            floor = statistics.median(_clone(root, repo) for _ in range(ROUNDS))
            first = statistics.median(_first(root, repo, worktree) for _ in range(ROUNDS))
            yield Figure(f"first session, {files} files, {state}", floor, first, "ms", "")
        following = statistics.median(_session(root, repo, worktree) for _ in range(ROUNDS))
        yield Figure(f"the next session, {files} files", None, following, "ms", "30 ms")
        moved = statistics.median(_after_a_commit(root, repo, worktree) for _ in range(ROUNDS))
        yield Figure(f"the next one after a commit on main, {files} files", None, moved, "ms", "60 ms")


def _clone(root: Path, repo: Repository) -> float:
    _, took = timed(lambda: git(root, "clone", "-q", "--bare", "--no-local", str(repo.path), "copy"))
    shutil.rmtree(root / "copy")
    return took


def _first(root: Path, repo: Repository, worktree: Path) -> float:
    shutil.rmtree(root / "objects", ignore_errors=True)
    return _session(root, repo, worktree)


def _session(root: Path, repo: Repository, worktree: Path) -> float:
    folder = root / "session"
    owner = (os.geteuid(), os.getegid())
    request = PrivateRequest(
        worktree, read_pointer(worktree), BRANCH, "m-0000000000000001", folder, owner, root / "objects"
    )
    _, took = timed(lambda: make_private(repo, request))
    shutil.rmtree(folder)
    return took


def _after_a_commit(root: Path, repo: Repository, worktree: Path) -> float:
    (repo.path / "changed.txt").write_text(os.urandom(20).hex())
    git(repo.path, "add", "changed.txt")
    git(repo.path, "commit", "-q", "-m", "change")
    return _session(root, repo, worktree)


def main() -> None:
    print_figures(figure for files in SIZES for figure in figures(files))


if __name__ == "__main__":
    main()
