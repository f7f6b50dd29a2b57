"""Making a private git directory and taking 100 commits back, on the host. `python -m bench.takeback`

The floor is git alone: checking the same pack into an empty store, and one `git status`.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import docker
from docker.types import Mount

from bench.measure import Figure, print_figures
from scopecraft.worktrees.harvest import read_harvest
from scopecraft.worktrees.pointer import read_pointer
from scopecraft.worktrees.private import HARVEST_COMMAND, PrivateGit, PrivateRequest, make_private
from scopecraft.worktrees.repository import Repository, open_repository
from scopecraft.worktrees.takeback import TakeBack, take_back

T = TypeVar("T")
ROUNDS = 9
COMMITS = 100
SIZES = (500, 5000)
BRANCH = "feature/bench"
IMAGE = "scopecraft-agent"


@dataclass(frozen=True, slots=True)
class Times:
    """Of one session, in milliseconds."""

    make: float
    harvest_apart: float
    take_back: float
    floor: float


def timed(action: Callable[[], T]) -> tuple[T, float]:
    began = time.perf_counter()
    answer = action()
    return answer, (time.perf_counter() - began) * 1000


def git(folder: Path, *arguments: str, input: bytes | None = None, store: Path | None = None) -> None:
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1"}
    env |= {f"GIT_{who}_{what}": "bench" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    if store is not None:
        env["GIT_OBJECT_DIRECTORY"] = str(store)
    argv = ["git", "-c", "gc.auto=0", *arguments]  # one of its own accord would be measured too
    subprocess.run(argv, cwd=folder, env=env, input=input, check=True, capture_output=True)


def make_repository(root: Path, files: int) -> tuple[Repository, Path]:
    main, worktree = root / "main", root / "tree"
    for number in range(files):
        file = main / f"folder{number % 50}" / f"file{number}.txt"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"file {number}\n" * 20)
    git(main, "init", "-q", "-b", "main")
    git(main, "add", ".")
    git(main, "commit", "-q", "-m", "start")
    git(main, "worktree", "add", "-q", "-b", BRANCH, str(worktree))
    return open_repository(main), worktree


def sessions(root: Path, repo: Repository, worktree: Path) -> Iterator[Times]:
    engine = docker.from_env()
    for number in range(ROUNDS):
        yield session(engine, root / f"session{number}", repo, worktree)
    engine.close()


def session(engine: docker.DockerClient, folder: Path, repo: Repository, worktree: Path) -> Times:
    (folder / "out").mkdir(parents=True)
    owner = (os.geteuid(), os.getegid())
    request = PrivateRequest(
        worktree, read_pointer(worktree), BRANCH, "m-0000000000000001", folder, owner, folder.parent / "objects"
    )
    private, make = timed(lambda: make_private(repo, request))
    in_container(engine, private, worktree, ("/bin/sh", "-c", WORK))
    _, apart = timed(lambda: in_container(engine, private, worktree, HARVEST_COMMAND))
    floor = floor_of(repo, worktree, private.facts.harvest_folder / "pack")
    taken, took = timed(lambda: taking(repo, private))
    assert (taken.commits, taken.alerts) == (COMMITS, ()), taken
    return Times(make, apart, took, floor)


WORK = f"""
for number in $(seq {COMMITS}); do
    echo "$number" >>work.txt; git add work.txt; git commit -q -m "commit $number"
done
"""


def taking(repo: Repository, private: PrivateGit) -> TakeBack:
    return take_back(repo, private.facts, read_harvest(private.facts.harvest_folder))


def in_container(engine: docker.DockerClient, private: PrivateGit, worktree: Path, command: tuple[str, ...]) -> None:
    out = Mount("/session/out", str(private.folder.parent / "out"), type="bind")
    tree = Mount(str(worktree), str(worktree), type="bind")
    given = [Mount(m.target, str(m.source), type="bind", read_only=m.read_only) for m in private.mounts]
    engine.containers.run(
        IMAGE,
        list(command),
        entrypoint=[],
        mounts=[tree, Mount("/workspace", str(worktree), type="bind"), out, *given],
        user=f"{os.geteuid()}:{os.getegid()}",
        working_dir=str(worktree),
        network_mode="none",
        cap_drop=["ALL"],
        labels={"scopecraft.test": "bench"},
        remove=True,
    )


def floor_of(repo: Repository, worktree: Path, pack: Path) -> float:
    with tempfile.TemporaryDirectory(dir=repo.common_dir) as folder:
        store = Path(folder)
        (store / "info").mkdir()
        (store / "info" / "alternates").write_text(f"{repo.objects_dir}\n")
        content = pack.read_bytes()
        checking = ("index-pack", "--strict", "--fix-thin", "--stdin")
        _, check = timed(lambda: git(repo.common_dir, *checking, input=content, store=store))
    _, status = timed(lambda: git(worktree, "status", "--porcelain"))
    return check + status


def figures(files: int) -> Iterator[Figure]:
    with tempfile.TemporaryDirectory(prefix="sc-bench-") as folder:
        times = list(sessions(Path(folder), *make_repository(Path(folder), files)))
    make = statistics.median(each.make for each in times)
    took = statistics.median(each.take_back for each in times)
    apart = statistics.median(each.harvest_apart + each.take_back for each in times)
    floor = statistics.median(each.floor for each in times)
    yield Figure(f"private git directory, {files} files", None, make, "ms", "13 to 19 ms at any size")
    yield Figure(f"taking {COMMITS} commits back, {files} files", floor, took, "ms", "150 ms")
    yield Figure(f"the same with a fresh container, {files} files", floor, apart, "ms", "700 ms")


def main() -> None:
    print_figures(figure for files in SIZES for figure in figures(files))


if __name__ == "__main__":
    main()
