from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from scopecraft.errors import BadInput, BadName, BranchBusy, GitFailed, NotFound, RepositoryRefused
from scopecraft.model.naming import slug_of
from scopecraft.worktrees.checkout import worktree_git
from scopecraft.worktrees.repository import Repository, open_repository, resolve_base
from scopecraft.worktrees.worktree import Created, CreateRequest, create, lock, unlock
from tests.support.repos import bare_copy, commit, git, make_repository, traces


def make(repo: Repository, path: Path, branch: str = "feature/x-01A", base: str | None = None) -> Created:
    request = CreateRequest(path, branch, resolve_base(repo, base).commit, "scopecraft: a test")
    return create(repo, request)


def reuse(repo: Repository, path: Path, branch: str) -> Created:
    return create(repo, CreateRequest(path, branch, "", "scopecraft: a test", existing_branch=True))


def test_a_new_worktree_is_whole_locked_and_on_its_branch(tmp_path: Path) -> None:
    repo = open_repository(make_repository(tmp_path / "project"))
    made = make(repo, tmp_path / "worktrees" / "x-01A")
    assert made.is_new_branch
    assert made.head == git(repo.path, "rev-parse", "main")
    assert git(made.path, "status", "--porcelain") == ""
    assert git(made.path, "branch", "--show-current") == "feature/x-01A"
    assert sorted(p.name for p in made.path.iterdir()) == [".git", "file-0.txt", "file-1.txt", "file-2.txt"]
    listing = git(repo.path, "worktree", "list", "--porcelain")
    assert "locked scopecraft: a test" in listing
    assert made.pointer == (made.path / ".git").read_bytes()
    assert git(repo.path, "branch", "--show-current") == "main"


@pytest.mark.parametrize(
    "folder",
    ["with space", "quo'te\"s", "Straße-日本語-🎈", "-leading-dash", "tab\there", "dollar$HOME`x`", "caf\u0065\u0301"],
)
def test_folders_of_any_name_work_for_project_and_worktree(tmp_path: Path, folder: str) -> None:
    repo = open_repository(make_repository(tmp_path / folder / "project"))
    made = make(repo, tmp_path / folder / "worktrees" / folder)
    assert worktree_git(made.path, made.pointer).text("status", "--porcelain") == ""


def test_a_folder_that_is_not_utf8_works(tmp_path: Path) -> None:
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/latin-\xe9"))
    repo = open_repository(make_repository(folder / "project"))
    made = make(repo, folder / "worktree")
    assert worktree_git(made.path, made.pointer).text("status", "--porcelain") == ""


@pytest.mark.parametrize(
    "title",
    [
        "登录页面 修复",
        "Исправить вход",
        "إصلاح تسجيل الدخول",
        "ログイン画面 07B",
        "लॉगिन ठीक करें",
        "แก้ไขการเข้าสู่ระบบ",
        "İstanbul ŞEHİR",
        "👩‍💻 fix",
    ],
)
def test_titles_in_any_script_make_a_branch_and_a_folder(tmp_path: Path, title: str) -> None:
    repo = open_repository(make_repository(tmp_path / "project"))
    slug = slug_of(title)
    made = make(repo, tmp_path / "worktrees" / slug, f"feature/{slug}")
    assert git(made.path, "branch", "--show-current") == f"feature/{slug}"


def test_bare_repository(tmp_path: Path) -> None:
    source = make_repository(tmp_path / "source")
    repo = open_repository(bare_copy(source, tmp_path / "project.git"))
    made = make(repo, tmp_path / "worktree")
    assert git(made.path, "status", "--porcelain") == ""
    assert open_repository(made.path) == repo


def test_sha256_repository(tmp_path: Path) -> None:
    repo = open_repository(make_repository(tmp_path / "project", "--object-format=sha256"))
    made = make(repo, tmp_path / "worktree")
    assert len(made.head) == 64
    assert git(made.path, "status", "--porcelain") == ""


def test_detached_main_checkout_is_a_fine_base(tmp_path: Path) -> None:
    project = make_repository(tmp_path / "project")
    git(project, "checkout", "--quiet", "--detach")
    detached = commit(project, "more.txt")
    made = make(open_repository(project), tmp_path / "worktree")
    assert made.head == detached


def test_a_submodule_is_a_repository_of_its_own(tmp_path: Path) -> None:
    inner = make_repository(tmp_path / "inner")
    outer = make_repository(tmp_path / "outer")
    git(outer, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner), "sub")
    repo = open_repository(outer / "sub")
    made = make(repo, tmp_path / "worktree")
    assert repo.path == outer / "sub"
    assert git(made.path, "status", "--porcelain") == ""
    assert git(made.path, "rev-parse", "--show-toplevel") == str(made.path)


def test_a_remote_branch_as_base_is_not_tracked(tmp_path: Path) -> None:
    source = make_repository(tmp_path / "source")
    git(tmp_path, "clone", "--quiet", str(source), "project")
    project = tmp_path / "project"
    git(project, "config", "branch.autoSetupMerge", "always")
    made = make(open_repository(project), tmp_path / "worktree", base="origin/main")
    assert git(made.path, "config", "--get-regexp", "^branch\\.feature", check=False) == ""


def test_an_existing_branch_gets_a_worktree_and_survives_a_failure(tmp_path: Path) -> None:
    project = make_repository(tmp_path / "project")
    git(project, "branch", "feature/old-02B")
    repo = open_repository(project)
    before = traces(project)
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "something").write_text("mine")
    with pytest.raises(RepositoryRefused, match="exists already"):
        reuse(repo, tmp_path / "taken", "feature/old-02B")
    assert traces(project) == before
    made = reuse(repo, tmp_path / "worktree", "feature/old-02B")
    assert not made.is_new_branch
    assert made.head == git(project, "rev-parse", "main")


def test_a_tag_of_the_same_name_does_not_confuse_it(tmp_path: Path) -> None:
    project = make_repository(tmp_path / "project")
    git(project, "branch", "same")
    git(project, "tag", "same", commit(project, "later.txt"))
    made = reuse(open_repository(project), tmp_path / "worktree", "same")
    assert made.head == git(project, "rev-parse", "refs/heads/same") != git(project, "rev-parse", "refs/tags/same")
    assert git(made.path, "status", "--porcelain") == ""
    assert git(made.path, "symbolic-ref", "HEAD") == "refs/heads/same"


def test_an_empty_folder_in_place_is_used(tmp_path: Path) -> None:
    repo = open_repository(make_repository(tmp_path / "project"))
    (tmp_path / "worktree").mkdir()
    assert make(repo, tmp_path / "worktree").is_new_branch


def test_sparse_and_worktree_configuration_do_not_break_it(tmp_path: Path) -> None:
    project = make_repository(tmp_path / "project")
    commit(project, "kept/a.txt")
    commit(project, "left/b.txt")
    git(project, "sparse-checkout", "set", "kept")
    made = make(open_repository(project), tmp_path / "worktree")
    assert git(made.path, "status", "--porcelain") == ""
    assert (made.path / "kept/a.txt").is_file()


# refusals, each of which must leave nothing


@pytest.mark.parametrize(
    "branch", ["a..b", "-x", "x.lock", "a b", "feature/", "HEAD", "@{-1}", "a~b", "", "x" * 300, "a\0b"]
)
def test_names_that_git_cannot_take(tmp_path: Path, branch: str) -> None:
    repo = open_repository(make_repository(tmp_path / "project"))
    before = traces(repo.path)
    with pytest.raises(BadName):
        make(repo, tmp_path / "worktree", branch)
    assert traces(repo.path) == before


def test_a_relative_path_or_one_with_a_line_break_is_refused(tmp_path: Path) -> None:
    repo = open_repository(make_repository(tmp_path / "project"))
    for path in (Path("relative"), tmp_path / "line\nbreak"):
        with pytest.raises(BadInput):
            make(repo, path)


def test_branch_in_the_main_checkout(tmp_path: Path) -> None:
    project = make_repository(tmp_path / "project")
    git(project, "switch", "--quiet", "--create", "feature/y")
    with pytest.raises(BranchBusy, match=str(project)):
        reuse(open_repository(project), tmp_path / "worktree", "feature/y")


@pytest.mark.parametrize("branch", ["main", "master", "trunk"])
def test_main_branches_are_never_worked_on(tmp_path: Path, branch: str) -> None:
    project = make_repository(tmp_path / "project")
    git(project, "branch", "--force", "trunk")
    git(project, "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/trunk")
    repo = open_repository(bare_copy(project, tmp_path / "bare.git") if branch == "main" else project)
    git(repo.path, "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/trunk")
    git(repo.path, "update-ref", "refs/remotes/origin/trunk", "main")
    with pytest.raises(BranchBusy, match="main branch"):
        make(repo, tmp_path / "worktree", branch)


def test_branch_in_another_worktree_names_that_path(tmp_path: Path) -> None:
    repo = open_repository(make_repository(tmp_path / "project"))
    make(repo, tmp_path / "one")
    before = traces(repo.path)
    with pytest.raises(BranchBusy, match=str(tmp_path / "one")):
        reuse(repo, tmp_path / "two", "feature/x-01A")
    assert traces(repo.path) == before
    assert not (tmp_path / "two").exists()


def test_branch_being_rebased_in_another_worktree_names_that_path(tmp_path: Path) -> None:
    project = make_repository(tmp_path / "project")
    repo = open_repository(project)
    one = make(repo, tmp_path / "one").path
    commit(one, "file-0.txt", "theirs\n")
    git(project, "branch", "other", commit(project, "file-0.txt", "ours\n"))
    git(one, "rebase", "other", check=False)
    before = traces(project)
    with pytest.raises(BranchBusy, match=str(one)):
        reuse(repo, tmp_path / "two", "feature/x-01A")
    assert traces(project) == before


def test_existing_branch_that_was_deleted_meanwhile(tmp_path: Path) -> None:
    repo = open_repository(make_repository(tmp_path / "project"))
    with pytest.raises(NotFound, match="not there any more"):
        reuse(repo, tmp_path / "worktree", "feature/gone")


def test_new_branch_that_exists_elsewhere_is_not_moved(tmp_path: Path) -> None:
    project = make_repository(tmp_path / "project")
    git(project, "branch", "feature/x-01A")
    commit(project, "more.txt")
    before = traces(project)
    with pytest.raises(BranchBusy, match="exists already"):
        make(open_repository(project), tmp_path / "worktree")
    assert traces(project) == before


@pytest.mark.parametrize(("there", "wanted"), [("feature", "feature/x"), ("feature/x/y", "feature/x")])
@pytest.mark.parametrize("packed", [False, True])
def test_a_branch_in_the_way_of_a_folder_of_branches(tmp_path: Path, there: str, wanted: str, packed: bool) -> None:
    project = make_repository(tmp_path / "project")
    git(project, "branch", there)
    if packed:
        git(project, "pack-refs", "--all")
    before = traces(project)
    with pytest.raises(RepositoryRefused, match=f"the branch {there} exists, so git cannot make {wanted}"):
        make(open_repository(project), tmp_path / "worktrees" / "x", wanted)
    assert traces(project) == before
    assert not (tmp_path / "worktrees").exists()


def test_a_file_in_place_is_left_alone(tmp_path: Path) -> None:
    repo = open_repository(make_repository(tmp_path / "project"))
    (tmp_path / "worktree").write_text("mine")
    (tmp_path / "dangling").symlink_to("nowhere")
    for path in (tmp_path / "worktree", tmp_path / "dangling"):
        with pytest.raises(RepositoryRefused, match="exists already"):
            make(repo, path)
    assert (tmp_path / "worktree").read_text() == "mine"


def test_a_failing_checkout_leaves_nothing(tmp_path: Path) -> None:
    project = make_repository(tmp_path / "project")
    commit(project, ".gitattributes", "*.txt filter=broken\n")
    for key, value in {"smudge": "false", "clean": "cat", "required": "true"}.items():
        git(project, "config", f"filter.broken.{key}", value)
    before = traces(project)
    with pytest.raises(RepositoryRefused, match="the filter broken failed"):
        make(open_repository(project), tmp_path / "worktrees" / "deep" / "x")
    assert traces(project) == before
    assert not (tmp_path / "worktrees").exists()


def test_a_missing_base_leaves_nothing(tmp_path: Path) -> None:
    repo = open_repository(make_repository(tmp_path / "project"))
    before = traces(repo.path)
    with pytest.raises(GitFailed):
        create(repo, CreateRequest(tmp_path / "worktree", "feature/x", "1" * 40, "x"))
    assert traces(repo.path) == before


def test_a_repository_that_was_deleted_meanwhile(tmp_path: Path) -> None:
    repo = open_repository(make_repository(tmp_path / "project"))
    repo.path.rename(tmp_path / "moved")
    with pytest.raises(RepositoryRefused, match="any more"):
        create(repo, CreateRequest(tmp_path / "worktree", "feature/x", "1" * 40, "x"))
    with pytest.raises(RepositoryRefused):
        resolve_base(repo, None)


# programs of the repository


def test_no_hook_runs(tmp_path: Path) -> None:
    project = make_repository(tmp_path / "project")
    for hook in ("post-checkout", "reference-transaction", "post-index-change"):
        script = project / ".git/hooks" / hook
        script.write_text(f"#!/bin/sh\necho {hook} >> {tmp_path}/ran\n")
        script.chmod(0o755)
    make(open_repository(project), tmp_path / "worktree")
    assert not (tmp_path / "ran").exists()


def test_a_filter_inside_the_worktree_does_not_run_and_one_outside_does(tmp_path: Path) -> None:
    project = make_repository(tmp_path / "project")
    script = project / "evil.sh"
    script.write_text(f"#!/bin/sh\necho ran >> {tmp_path}/ran\ncat\n")
    script.chmod(0o755)
    (project / ".gitattributes").write_text("file-0.txt filter=evil=1\nfile-1.txt filter=mine\n")
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "--message=attributes")
    git(project, "config", "filter.mine.smudge", "tr a-z A-Z")
    for key, value in {"smudge": "./evil.sh", "clean": "./evil.sh", "required": "true"}.items():
        git(project, "config", f"filter.evil=1.{key}", value)
    made = make(open_repository(project), tmp_path / "worktree")
    (made.path / "file-0.txt").write_text("touched\n")
    worktree_git(made.path, made.pointer).run("status", "--porcelain")
    assert not (tmp_path / "ran").exists()
    assert (made.path / "file-1.txt").read_text() == "LINE OF FILE 1\n"


def test_the_callers_git_variables_do_not_matter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = make_repository(tmp_path / "other")
    project = make_repository(tmp_path / "project")
    before = traces(other)
    hostile = {
        "GIT_DIR": str(other / ".git"),
        "GIT_WORK_TREE": str(other),
        "GIT_INDEX_FILE": str(tmp_path / "index"),
        "GIT_OBJECT_DIRECTORY": str(tmp_path / "objects"),
        "GIT_COMMON_DIR": str(other / ".git"),
        "GIT_NAMESPACE": "space",
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "core.bare",
        "GIT_CONFIG_VALUE_0": "true",
        "GIT_CONFIG_PARAMETERS": "'core.hookspath'='/nowhere'",
        "GIT_TRACE": "1",
    }
    for name, value in hostile.items():
        monkeypatch.setenv(name, value)
    repo = open_repository(project)
    made = make(repo, tmp_path / "worktree")
    for name in hostile:
        monkeypatch.delenv(name)
    assert repo.path == project
    assert traces(other) == before
    assert git(made.path, "status", "--porcelain") == ""
    assert not (tmp_path / "index").exists()


# many at once

_MAKE_TEN = """
import sys
from pathlib import Path
from scopecraft.worktrees.repository import open_repository, resolve_base
from scopecraft.worktrees.worktree import CreateRequest, create
project, folder, process = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
repo = open_repository(project)
for number in range(10):
    base = resolve_base(repo, "origin/main").commit
    name = f"many-{process}-{number}"
    create(repo, CreateRequest(folder / name, f"feature/{name}", base, "scopecraft: many"))
"""


def clone_with_remote(tmp_path: Path) -> Path:
    source = make_repository(tmp_path / "source", files=30)
    git(tmp_path, "clone", "--quiet", str(source), "project")
    return tmp_path / "project"


def all_whole(project: Path, folder: Path, count: int) -> None:
    trees = sorted(folder.iterdir())
    assert len(trees) == count
    assert {git(tree, "branch", "--show-current") for tree in trees} == {f"feature/{tree.name}" for tree in trees}
    assert all(git(tree, "status", "--porcelain") == "" for tree in trees)
    assert git(project, "worktree", "list", "--porcelain").count("locked scopecraft: many") == count


def test_sixty_creates_from_six_processes_all_succeed(tmp_path: Path) -> None:
    project, folder = clone_with_remote(tmp_path), tmp_path / "worktrees"
    root = str(Path(__file__).parents[3])
    commands = [[sys.executable, "-c", _MAKE_TEN, str(project), str(folder), str(number)] for number in range(6)]
    running = [subprocess.Popen(command, cwd=root, stderr=subprocess.PIPE) for command in commands]
    said = [process.communicate()[1].decode() for process in running]
    assert [process.returncode for process in running] == [0] * 6, said
    all_whole(project, folder, 60)


def test_sixty_creates_from_sixty_threads_all_succeed(tmp_path: Path) -> None:
    project, folder = clone_with_remote(tmp_path), tmp_path / "worktrees"
    repo = open_repository(project)
    base = resolve_base(repo, "origin/main").commit

    def one(number: int) -> Created:
        name = f"many-{number}"
        return create(repo, CreateRequest(folder / name, f"feature/{name}", base, "scopecraft: many"))

    with ThreadPoolExecutor(60) as pool:
        assert len(list(pool.map(one, range(60)))) == 60
    all_whole(project, folder, 60)


def test_two_at_once_for_the_same_branch_make_one(tmp_path: Path) -> None:
    repo = open_repository(make_repository(tmp_path / "project"))

    def one(number: int) -> bool:
        try:
            make(repo, tmp_path / f"worktree-{number}")
        except BranchBusy:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(one, range(8))) == [False] * 7 + [True]


# the lock of git


def test_lock_and_unlock_may_be_repeated(tmp_path: Path) -> None:
    repo = open_repository(make_repository(tmp_path / "project"))
    path = make(repo, tmp_path / "worktree").path
    unlock(repo, path)
    unlock(repo, path)
    assert "locked" not in git(repo.path, "worktree", "list", "--porcelain")
    lock(repo, path, "mission m-1")
    lock(repo, path, "mission m-1")
    assert "locked scopecraft: mission m-1" in git(repo.path, "worktree", "list", "--porcelain")
    with pytest.raises(NotFound):
        lock(repo, tmp_path / "elsewhere", "x")
