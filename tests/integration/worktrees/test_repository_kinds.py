"""Kinds of repositories that no other page of tests has: each is worked in, or refused with the reason."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from docker import DockerClient

from scopecraft.errors import RepositoryRefused
from scopecraft.worktrees.pointer import read_pointer
from scopecraft.worktrees.refusal import refuse_unsupported
from scopecraft.worktrees.worktree import CreateRequest, create
from tests.support.container_git import BRANCH, Place, add_worktree, fill, host_git, make_repository

COMMIT = "echo x >x; git add x; git commit -q -m x"


@pytest.mark.engine
def test_packed_refs_and_packed_objects(place: Place) -> None:
    for name in ("one", "two"):
        place.main_git("tag", "-a", "-m", name, name)
        place.main_git("branch", f"other/{name}")
    place.main_git("pack-refs", "--all", "--prune")
    place.main_git("repack", "-q", "-a", "-d", "--write-bitmap-index")
    place.main_git("commit-graph", "write", "--reachable")
    place.main_git("multi-pack-index", "write")
    session = place.session()
    assert session.run("git tag; git branch | wc -l; git fsck").output.split() == ["one", "two", "4"]
    assert session.work(COMMIT).commits == 1
    assert place.git("status", "--porcelain") == ""


@pytest.mark.engine
@pytest.mark.parametrize("cone", ["--cone", "--no-cone"])
def test_sparse_checkouts(place: Place, cone: str) -> None:
    fill(place.main, {"big/one": "1\n", "big/two": "2\n", "src/more": "m\n"})
    place.main_git("add", ".")
    place.main_git("commit", "-q", "-m", "big")
    place.git("merge", "-q", "--ff-only", "main")
    place.git("sparse-checkout", "set", cone, "src" if cone == "--cone" else "/src/m*")
    before = sorted(path.name for path in place.worktree.rglob("*"))
    session = place.session()
    taken = session.work("git status --porcelain; git checkout -q HEAD -- .; echo x >>src/more; git commit -qam x")
    assert taken.commits == 1
    assert sorted(path.name for path in place.worktree.rglob("*")) == before
    assert place.git("status", "--porcelain") == ""
    assert place.git("ls-tree", "--name-only", "HEAD", "big/").splitlines() == ["big/one", "big/two"]


@pytest.mark.engine
def test_configuration_of_the_worktree_alone(place: Place) -> None:
    place.main_git("config", "extensions.worktreeConfig", "true")
    place.git("config", "--worktree", "user.name", "Grace")
    place.git("config", "--worktree", "core.fsmonitor", "/evil")
    ran = place.session().run(
        f"git config user.name; {COMMIT}; git log -1 --format=%an; git config core.fsmonitor; true"
    )
    assert ran.output == "Grace\nGrace\n"


@pytest.mark.engine
@pytest.mark.parametrize("value", ["true", "input"])
def test_line_ends_that_git_converts(place: Place, value: str) -> None:
    (place.main / "dos.txt").write_bytes(b"one\r\ntwo\r\n")
    place.main_git("-c", "core.autocrlf=false", "add", "dos.txt")
    place.main_git("-c", "core.autocrlf=false", "commit", "-q", "-m", "dos")
    place.git("merge", "-q", "--ff-only", "main")
    place.main_git("config", "core.autocrlf", value)
    before = place.git("status", "--porcelain")
    taken = place.session().work(
        "git status --porcelain >/tmp/s; echo new >new.txt; git add new.txt; git commit -q -m new"
    )
    assert taken.commits == 1
    assert place.git("status", "--porcelain") == before


@pytest.mark.engine
def test_signing_fsmonitor_and_split_index_of_the_project_stay_on_the_host(place: Place) -> None:
    for key, value in {"commit.gpgSign": "true", "core.fsmonitor": "true", "core.splitIndex": "true"}.items():
        place.main_git("config", key, value)
    place.git("-c", "core.fsmonitor=false", "update-index", "--split-index")
    taken = place.session().work(f"{COMMIT}; git config --get-regexp 'gpg|fsmonitor|split' && exit 1; true")
    assert taken.commits == 1
    assert place.git("-c", "core.fsmonitor=false", "status", "--porcelain") == ""


@pytest.mark.engine
def test_a_chain_of_borrowed_stores_and_sha256_at_once(engine: DockerClient, agent_image: str, tmp_path: Path) -> None:
    far = tmp_path / "far"
    far.mkdir()
    host_git(far, "init", "-q", "-b", "main", "--object-format=sha256")
    fill(far, {"a": "a\n"})
    host_git(far, "add", ".")
    host_git(far, "commit", "-q", "-m", "first")
    host_git(tmp_path, "clone", "-q", "--shared", "far", "main")
    place = add_worktree(Place(engine, tmp_path, tmp_path / "main", tmp_path / "tree"))
    assert place.session().work(COMMIT).commits == 1
    assert len(place.tip()) == 64


@pytest.mark.skipif(shutil.which("git-crypt") is None and "CI" not in os.environ, reason="git-crypt is not installed")
class TestGitCrypt:
    @pytest.fixture
    def main(self, tmp_path: Path) -> Path:
        main = make_repository(tmp_path / "main")
        subprocess.run(["git-crypt", "init"], cwd=main, check=True, capture_output=True)
        fill(main, {".gitattributes": "secret filter=git-crypt diff=git-crypt\n", "secret": "key\n"})
        host_git(main, "add", ".")
        host_git(main, "commit", "-q", "-m", "secret")
        return main

    def test_a_new_worktree_is_refused_with_the_reason(self, main: Path, tmp_path: Path) -> None:
        place = Place(None, tmp_path, main, tmp_path / "tree")
        request = CreateRequest(place.worktree, BRANCH, host_git(main, "rev-parse", "main"), "scopecraft: a test")
        with pytest.raises(RepositoryRefused, match="the filter git-crypt failed on secret") as refused:
            create(place.repo, request)
        assert "--worktree" in refused.value.hint
        assert not place.worktree.exists()
        assert host_git(main, "branch", "--list", BRANCH) == ""

    def test_a_worktree_that_is_there_is_refused_in_a_container(self, main: Path, tmp_path: Path) -> None:
        place = Place(None, tmp_path, main, tmp_path / "tree")
        place.main_git("worktree", "add", "-q", "--no-checkout", "-b", BRANCH, str(place.worktree))
        (main / ".git/worktrees/tree/git-crypt").symlink_to(main / ".git/git-crypt")
        place.git("checkout", "-q")
        assert (place.worktree / "secret").read_text() == "key\n"
        with pytest.raises(RepositoryRefused, match="the filter 'git-crypt' must run on every file") as refused:
            refuse_unsupported(place.repo, place.worktree, read_pointer(place.worktree))
        assert "sc dispatch" in refused.value.hint
