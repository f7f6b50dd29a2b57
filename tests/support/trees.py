"""A repository with a mission's worktree, and what a folder holds byte for byte."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from scopecraft.worktrees.git import Git
from scopecraft.worktrees.pointer import read_pointer
from scopecraft.worktrees.repository import Repository, open_repository
from scopecraft.worktrees.uncommitted import uncommitted_git
from scopecraft.worktrees.worktree import CreateRequest, create
from tests.support.repos import git, make_repository

BRANCH = "feature/fix-login"


@dataclass(frozen=True, slots=True)
class WorkPlace:
    repo: Repository
    path: Path

    @property
    def git(self) -> Git:
        return uncommitted_git(self.path, read_pointer(self.path))

    def write(self, name: str, content: str | bytes = "new\n", mode: int = 0o644) -> Path:
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        file.chmod(mode)
        return file


def make_work_place(folder: Path, *options: str, files: int = 3) -> WorkPlace:
    main = make_repository(folder / "main", *options, files=files)
    repo = open_repository(main)
    request = CreateRequest(folder / "tree", BRANCH, git(main, "rev-parse", "HEAD"), "test")
    return WorkPlace(repo, create(repo, request).path)


def contents(folder: Path) -> dict[str, tuple[str, bytes]]:
    """Every file below it but git's own, with its kind and its bytes; whether it can be run is part of the kind."""
    found: dict[str, tuple[str, bytes]] = {}
    for root, folders, names in os.walk(folder):
        for name in [*names, *(name for name in folders if Path(root, name).is_symlink())]:
            path = Path(root, name)
            info = path.lstat()
            place = str(path.relative_to(folder))
            if stat.S_ISLNK(info.st_mode):
                found[place] = ("link", os.fsencode(path.readlink()))
            elif stat.S_ISREG(info.st_mode):
                found[place] = ("program" if info.st_mode & 0o100 else "file", path.read_bytes())
            else:
                found[place] = ("special", b"")
    found.pop(".git", None)
    return found
