"""Pinning and removing a worktree with 10,000 dirty files. `python -m bench.removal`

The floors are git's own `stash -u` of the same files, and copying the folder, which keeps nothing of the index.
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from bench.measure import Figure, print_figures
from bench.takeback import BRANCH, git, timed
from scopecraft.worktrees.pin import Pin, pin
from scopecraft.worktrees.put_back import Place, put_back
from scopecraft.worktrees.removal import drop_branch, forget_worktree, set_apart
from scopecraft.worktrees.repository import Repository, open_repository
from scopecraft.worktrees.survey import fingerprint, survey
from scopecraft.worktrees.uncommitted import changes

ROUNDS = 3
FILES = 10_000
MISSION = "m-0000000000000001"
AT = "2026-03-01T10:00:00.000Z"
GOAL = "2000 ms"


def make_repository(root: Path) -> tuple[Repository, Path]:
    main, worktree = root / "main", root / "tree"
    write(main, "clean")
    git(root, "init", "-q", "-b", "main", str(main))
    git(main, "add", ".")
    git(main, "commit", "-q", "-m", "start")
    git(main, "worktree", "add", "-q", "-b", BRANCH, str(worktree))
    return open_repository(main), worktree


def write(folder: Path, what: str) -> None:
    """Half of them are tracked when the worktree's are written."""
    for number in range(FILES // 2):
        kinds = ("tracked",) if what == "clean" else ("tracked", "new")
        for kind in kinds:
            file = folder / f"{kind}{number % 50}" / f"file{number}.txt"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(f"{what} {number}\n" * 20)


def rounds(root: Path) -> Iterator[tuple[float, float, float, float, float]]:
    repo, worktree = make_repository(root)
    for number in range(ROUNDS):
        write(worktree, f"dirty {number}")
        _, copied = timed(lambda: subprocess.run(["cp", "-a", worktree, root / "copy"], check=True))
        shutil.rmtree(root / "copy")
        _, stashed = timed(lambda: git(worktree, "stash", "--include-untracked"))
        git(worktree, "stash", "drop")
        write(worktree, f"dirty again {number}")
        made, pinned = timed(lambda: pin(repo, MISSION, survey(repo, worktree, BRANCH), AT))
        assert made.files == FILES
        _, gone = timed(partial(take_away, repo, worktree, made, root / "apart"))
        shutil.rmtree(root / "apart")
        is_same, back = timed(partial(put_back, repo, made, Place(worktree, BRANCH, "bench")))
        assert is_same
        yield copied, stashed, pinned, gone, back


def take_away(repo: Repository, worktree: Path, made: Pin, apart: Path) -> None:
    """What removal does after the pin, but for deleting the folder."""
    seen = survey(repo, worktree, BRANCH)
    set_apart(worktree, apart)
    assert fingerprint(apart, changes(seen.git(apart))) == made.fingerprint
    forget_worktree(repo, worktree, seen.admin, apart / "modules")
    assert made.branch_tip is not None
    drop_branch(repo, BRANCH, made.branch_tip)


def figures() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory(prefix="sc-bench-") as folder:
        times = [statistics.median(column) for column in zip(*rounds(Path(folder)), strict=True)]
    copied, stashed, pinned, gone, back = times
    yield Figure(f"pin of {FILES} dirty files (floor: git stash -u)", stashed, pinned, "ms", GOAL)
    yield Figure("the same (floor: cp -a)", copied, pinned, "ms", GOAL)
    yield Figure("looked at again, and taken from git", None, gone, "ms", "-")
    yield Figure("put back, and read back", None, back, "ms", "-")


def main() -> None:
    print_figures(figures())


if __name__ == "__main__":
    main()
