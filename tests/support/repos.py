"""Small real repositories."""

from __future__ import annotations

import subprocess
from pathlib import Path


def git(folder: Path, *arguments: str, check: bool = True) -> str:
    """Plain git as a person would run it; its output without the last newline."""
    done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, check=False)
    if check and done.returncode != 0:
        raise AssertionError(f"git {' '.join(arguments)}: {done.stderr.decode(errors='replace')}")
    return done.stdout.decode("utf-8", "surrogateescape").removesuffix("\n")


def make_repository(folder: Path, *options: str, files: int = 3) -> Path:
    """A repository on `main` with one commit of some files; `options` go to `git init`."""
    folder.mkdir(parents=True)
    git(folder, "init", "--quiet", "--initial-branch=main", *options, ".")
    for number in range(files):
        (folder / f"file-{number}.txt").write_text(f"line of file {number}\n")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message=start")
    return folder


def commit(folder: Path, name: str, content: str = "changed\n") -> str:
    """Add one commit that writes one file; the new commit's id."""
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(content)
    git(folder, "add", "--force", "--", name)
    git(folder, "commit", "--quiet", f"--message=write {name}")
    return git(folder, "rev-parse", "HEAD")


def bare_copy(source: Path, folder: Path) -> Path:
    git(source, "clone", "--quiet", "--bare", "--", str(source), str(folder))
    return folder


def traces(repository: Path) -> tuple[str, str, tuple[str, ...]]:
    """All that a create can leave in a repository: its refs, its list of worktrees, the folders git keeps for them."""
    common = Path(git(repository, "rev-parse", "--path-format=absolute", "--git-common-dir"))
    admin = common / "worktrees"
    kept = tuple(sorted(child.name for child in admin.iterdir())) if admin.is_dir() else ()
    return git(repository, "for-each-ref"), git(repository, "worktree", "list", "--porcelain"), kept
