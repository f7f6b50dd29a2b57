from __future__ import annotations

import os
from pathlib import Path

import pytest

from scopecraft.errors import NotFound, RepositoryRefused
from scopecraft.worktrees.repository import Base, open_repository, resolve_base
from tests.support.repos import bare_copy, commit, git, make_repository


def test_any_folder_of_it_opens_the_same_repository(tmp_path: Path) -> None:
    project = make_repository(tmp_path / "pro ject")
    (project / "deep/er").mkdir(parents=True)
    git(project, "worktree", "add", "--quiet", str(tmp_path / "tree"))
    (tmp_path / "tree/sub").mkdir()
    (tmp_path / "link").symlink_to(project)
    repo = open_repository(project)
    assert (repo.path, repo.main_worktree, repo.common_dir) == (project, project, project / ".git")
    assert (repo.objects_dir, repo.is_bare, repo.object_format) == (project / ".git/objects", False, "sha1")
    for folder in (
        project / "deep/er",
        project / ".git",
        project / ".git/refs",
        tmp_path / "tree/sub",
        tmp_path / "link",
    ):
        assert open_repository(folder) == repo


def test_bare_repository_and_its_worktrees(tmp_path: Path) -> None:
    bare = bare_copy(make_repository(tmp_path / "source"), tmp_path / "project.git")
    git(bare, "worktree", "add", "--quiet", str(tmp_path / "tree"))
    repo = open_repository(bare)
    assert (repo.path, repo.main_worktree, repo.is_bare) == (bare, None, True)
    assert open_repository(bare / "refs") == open_repository(tmp_path / "tree") == repo


def test_bare_repository_hidden_beside_its_worktrees(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    bare_copy(make_repository(tmp_path / "source"), project / ".bare")
    (project / ".git").write_text("gitdir: ./.bare\n")
    git(project, "worktree", "add", "--quiet", "main")
    for folder in (project, project / ".bare", project / "main"):
        repo = open_repository(folder)
        assert (repo.path, repo.common_dir, repo.is_bare) == (project, project / ".bare", True)


def test_a_git_directory_kept_elsewhere(tmp_path: Path) -> None:
    project = make_repository(tmp_path / "project", f"--separate-git-dir={tmp_path / 'kept'}")
    repo = open_repository(project)
    assert (repo.path, repo.common_dir) == (project, tmp_path / "kept")


def test_a_folder_shaped_like_a_bare_repository_does_not_hide_the_project(tmp_path: Path) -> None:
    project = make_repository(tmp_path / "project")
    git(tmp_path, "init", "--quiet", "--bare", str(project / "trap"))
    assert open_repository(project / "trap").path == project


def test_what_is_no_repository_is_said_clearly(tmp_path: Path) -> None:
    with pytest.raises(RepositoryRefused, match="not a git repository"):
        open_repository(tmp_path)
    with pytest.raises(RepositoryRefused, match="there is no folder"):
        open_repository(tmp_path / "gone")
    (tmp_path / "file").write_text("")
    with pytest.raises(RepositoryRefused, match="not a folder"):
        open_repository(tmp_path / "file")


def test_a_moved_repository_is_said_in_its_worktree(tmp_path: Path) -> None:
    project = make_repository(tmp_path / "project")
    git(project, "worktree", "add", "--quiet", str(tmp_path / "tree"))
    project.rename(tmp_path / "moved")
    with pytest.raises(RepositoryRefused, match="not there") as told:
        open_repository(tmp_path / "tree")
    assert "worktree repair" in told.value.hint


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a folder of another user")
def test_somebody_elses_repository_is_refused_with_what_to_do(tmp_path: Path) -> None:
    project = make_repository(tmp_path / "project")
    bare = bare_copy(project, tmp_path / "bare.git")
    for folder in (project, bare):
        for path in (folder, *folder.rglob("*")):
            os.lchown(path, 12345, 12345)
        with pytest.raises(RepositoryRefused, match="belongs to uid 12345") as told:
            open_repository(folder)
        assert "safe.directory" in told.value.hint


def test_base_is_head_unless_named(tmp_path: Path) -> None:
    project = make_repository(tmp_path / "project")
    first = git(project, "rev-parse", "HEAD")
    second = commit(project, "more.txt")
    git(project, "tag", "--annotate", "v1", "--message=v1", first)
    repo = open_repository(project)
    assert resolve_base(repo, None) == Base(second, "HEAD")
    assert resolve_base(repo, "v1") == Base(first, "v1")
    assert resolve_base(repo, first[:10]).commit == first
    git(project, "checkout", "--quiet", first)
    assert resolve_base(repo, None) == Base(first, "HEAD")


@pytest.mark.parametrize("base", ["nope", "", "--all", "-x", "main:file-0.txt", "main^{tree}", "HEAD~9", "a\0b", "a b"])
def test_unknown_base(tmp_path: Path, base: str) -> None:
    with pytest.raises(NotFound, match="there is no commit"):
        resolve_base(open_repository(make_repository(tmp_path / "project")), base)


def test_a_repository_without_a_commit_is_refused_with_what_to_do(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    git(project, "init", "--quiet")
    with pytest.raises(RepositoryRefused, match="no commit yet") as told:
        resolve_base(open_repository(project), None)
    assert "git commit" in told.value.hint


def test_a_head_without_a_commit_beside_other_branches_asks_for_a_base(tmp_path: Path) -> None:
    project = make_repository(tmp_path / "project")
    git(project, "symbolic-ref", "HEAD", "refs/heads/unborn")
    with pytest.raises(RepositoryRefused) as told:
        resolve_base(open_repository(project), None)
    assert told.value.hint == "name a base: --base main"


def test_a_branch_and_a_tag_of_the_same_name_as_base_do_not_warn_into_it(tmp_path: Path) -> None:
    project = make_repository(tmp_path / "project")
    git(project, "tag", "main")
    later = commit(project, "more.txt")
    repo = open_repository(project)
    assert resolve_base(repo, "refs/heads/main").commit == later
