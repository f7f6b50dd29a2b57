from __future__ import annotations

import os
from pathlib import Path

import pytest

from scopecraft.worktrees.include import Bounds, Included, Skipped, copy_included
from scopecraft.worktrees.repository import Repository, open_repository, resolve_base
from scopecraft.worktrees.worktree import CreateRequest, create
from tests.support.repos import bare_copy, commit, git, make_repository

PATTERNS = "# what agents need\n.env*\n!.env.example\n/secrets/\n*.key\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    project = make_repository(tmp_path / "pro ject")
    commit(project, ".gitignore", ".env*\nsecrets/\nnode_modules/\n")
    (project / ".worktreeinclude").write_text(PATTERNS)
    return project


def tree_of(project: Path) -> tuple[Repository, Path]:
    repo = open_repository(project)
    made = create(repo, CreateRequest(project.parent / "tree", "feature/x", resolve_base(repo, None).commit, "test"))
    return repo, made.path


def write(path: Path, content: str = "secret") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    return path


def test_matching_files_come_over_with_their_mode_and_others_do_not(project: Path) -> None:
    write(project / ".env").chmod(0o600)
    write(project / "日本 語/.env.local")
    write(project / "secrets/deep/token").chmod(0o750)
    write(project / ".env.example")
    write(project / "untracked.key")
    write(project / "untracked.txt")
    write(project / "node_modules/x.js")
    repo, tree = tree_of(project)
    included = copy_included(repo, tree)
    assert set(included.copied) == {".env", "日本 語/.env.local", "secrets/deep/token", "untracked.key"}
    assert included.skipped == ()
    assert (tree / ".env").read_text() == "secret"
    assert (tree / ".env").stat().st_mode & 0o777 == 0o600
    assert (tree / "secrets/deep/token").stat().st_mode & 0o777 == 0o750
    assert not (tree / ".env.example").exists()
    assert not (tree / "node_modules").exists()


def test_tracked_files_are_left_to_git(project: Path) -> None:
    commit(project, "tracked.key", "tracked")
    (project / "tracked.key").write_text("changed, not committed")
    repo, tree = tree_of(project)
    assert copy_included(repo, tree) == Included()
    assert (tree / "tracked.key").read_text() == "tracked"


def test_nothing_to_do_without_the_file_or_without_a_checkout(project: Path, tmp_path: Path) -> None:
    bare = open_repository(bare_copy(project, tmp_path / "bare.git"))
    assert copy_included(bare, tmp_path) == Included()
    (project / ".worktreeinclude").unlink()
    repo, tree = tree_of(project)
    assert copy_included(repo, tree) == Included()


def test_what_is_there_already_is_not_overwritten(project: Path) -> None:
    write(project / ".env")
    repo, tree = tree_of(project)
    write(tree / ".env", "mine")
    assert copy_included(repo, tree).skipped == (Skipped(".env", "there is one in the worktree"),)
    assert (tree / ".env").read_text() == "mine"


def test_symlinks_lead_nowhere_on_either_side(project: Path, tmp_path: Path) -> None:
    outside = write(tmp_path / "outside/private.key")
    (project / "link.key").symlink_to(outside)
    (project / "folder.key").symlink_to(outside.parent)
    (project / "config").symlink_to(tmp_path / "outside")
    git(project, "add", "config")
    git(project, "commit", "--quiet", "--message=a link where a folder will be")
    repo, tree = tree_of(project)
    (project / "config").unlink()
    write(project / "config/.env")
    included = copy_included(repo, tree)
    assert included.copied == ()
    assert {skipped.path for skipped in included.skipped} == {"link.key", "folder.key", "config/.env"}
    assert all("symbolic link" in skipped.why for skipped in included.skipped)
    assert [path.name for path in (tmp_path / "outside").iterdir()] == ["private.key"]


def test_odd_files_and_nested_repositories_stay_behind(project: Path) -> None:
    os.mkfifo(project / "pipe.key")
    git(project, "init", "--quiet", "secrets/nested")
    write(project / "secrets/nested/token")
    repo, tree = tree_of(project)
    included = copy_included(repo, tree)
    assert included.copied == ()
    assert not (tree / "secrets/nested/.git").exists()


def test_an_unreadable_list_is_reported(project: Path, tmp_path: Path) -> None:
    (project / ".worktreeinclude").unlink()
    (project / ".worktreeinclude").symlink_to("/etc/hostname")
    repo, tree = tree_of(project)
    assert copy_included(repo, tree).skipped == (Skipped(".worktreeinclude", "not a regular file"),)
    (project / ".worktreeinclude").unlink()
    write(project / ".worktreeinclude", "*\n" * 50_000)
    assert "longer" in copy_included(repo, tree).skipped[0].why


def test_more_than_the_bounds_is_left_out_and_named(project: Path) -> None:
    for number in range(5):
        write(project / f"{number}.key", "x" * 10)
    repo, tree = tree_of(project)
    few = copy_included(repo, tree, Bounds(files=2))
    assert few.copied == ("0.key", "1.key")
    assert few.skipped == (Skipped("2.key", "and 2 more: over 2 files match"),)
    small = copy_included(repo, tree, Bounds(total_bytes=15))
    assert small.copied == ("2.key",)
    assert {skipped.path for skipped in small.skipped} == {"0.key", "1.key", "3.key", "4.key"}
