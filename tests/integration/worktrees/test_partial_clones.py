"""A partial clone lacks what was never looked at; an agent, which has no remote, finds all of it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from docker import DockerClient

from scopecraft.errors import RepositoryRefused
from scopecraft.worktrees.pointer import read_pointer
from scopecraft.worktrees.private import PrivateRequest, make_private
from tests.support.container_git import BRANCH, Place, add_worktree, fill, host_git, make_repository


@pytest.fixture
def far(tmp_path: Path) -> Path:
    """A remote that serves partial clones, with some history."""
    far = make_repository(tmp_path / "far")
    host_git(far, "config", "uploadpack.allowFilter", "true")
    host_git(far, "config", "uploadpack.allowAnySHA1InWant", "true")
    for number in range(3):
        fill(far, {"README.md": f"hello {number}\n", f"deep/er/file-{number}": f"{number}\n"})
        host_git(far, "add", ".")
        host_git(far, "commit", "-q", "-m", f"change {number}")
    host_git(far, "switch", "-q", "-c", "huge")
    fill(far, {"huge": "huge\n"})
    host_git(far, "add", ".")
    host_git(far, "commit", "-q", "-m", "huge")
    host_git(far, "switch", "-q", "main")
    return far


def clone(far: Path, folder: Path, kind: str, engine: DockerClient | None = None) -> Place:
    host_git(far, "clone", "-q", f"--filter={kind}", f"file://{far}", str(folder / "main"))
    host_git(folder / "main", "config", "user.name", "Ada")
    host_git(folder / "main", "config", "user.email", "ada@example.org")
    return add_worktree(Place(engine, folder, folder / "main", folder / "tree"))


def missing(place: Place, revision: str) -> int:
    walked = place.main_git("rev-list", "--objects", "--missing=print", revision)
    return sum(line.startswith("?") for line in walked.splitlines())


def make(place: Place, told: Callable[[str], None]) -> None:
    session, store = place.root / "session", place.root / "objects"
    pointer = read_pointer(place.worktree)
    request = PrivateRequest(place.worktree, pointer, BRANCH, "m-1", session, (0, 0), store, told=told)
    make_private(place.repo, request)


@pytest.mark.engine
@pytest.mark.parametrize("kind", ["blob:none", "tree:0"])
def test_all_history_of_its_branch_can_be_read_inside(
    engine: DockerClient, agent_image: str, tmp_path: Path, far: Path, kind: str
) -> None:
    place = clone(far, tmp_path / "near", kind, engine)
    assert missing(place, BRANCH) > 0
    session = place.session()
    assert missing(place, BRANCH) == 0
    ran = session.run("git log -p --format=%s -- README.md | grep -c '^[+-]hello'; git blame -s README.md; git fsck")
    assert ran.output.splitlines()[0] == "7"
    taken = session.work("echo more >more; git add more; git commit -q -m more; git rebase -q --onto HEAD~2 HEAD~1")
    assert taken.refused is None
    assert place.main_git("show", f"{BRANCH}:deep/er/file-0") == "0"


def test_other_branches_are_not_fetched_for_it(tmp_path: Path, far: Path) -> None:
    place = clone(far, tmp_path / "near", "blob:none")
    told: list[str] = []
    make(place, told.append)
    assert missing(place, BRANCH) == 0
    assert missing(place, "origin/huge") == 1
    assert "partial clone lacks" in told[0]


def test_nothing_is_asked_of_the_remote_when_nothing_is_missing(tmp_path: Path, far: Path) -> None:
    place = clone(far, tmp_path / "near", "blob:none")
    make(place, lambda _: None)
    far.rename(tmp_path / "away")
    (tmp_path / "near/session").rename(tmp_path / "near/session-before")
    told: list[str] = []
    make(place, told.append)
    assert told == []


def test_a_remote_that_is_away_is_named_with_what_to_do(tmp_path: Path, far: Path) -> None:
    place = clone(far, tmp_path / "near", "blob:none")
    far.rename(tmp_path / "away")
    with pytest.raises(RepositoryRefused, match="partial clone") as refused:
        make(place, lambda _: None)
    assert "sc dispatch" in refused.value.hint
    assert place.main_git("for-each-ref", "refs/scopecraft") == ""


@pytest.mark.engine
def test_objects_that_an_agent_names_are_not_fetched_for_it(
    engine: DockerClient, agent_image: str, tmp_path: Path, far: Path
) -> None:
    """The remote has more than the project's branches: what was deleted there, other people's work."""
    place = clone(far, tmp_path / "near", "blob:none", engine)
    (tmp_path / "secret").write_text("secret\n")
    secret = host_git(far, "hash-object", "-w", str(tmp_path / "secret"))
    session = place.session()
    taken = session.work(
        f"""tree=$(printf '100644 blob {secret}\\tkey\\n' | git mktree --missing)
        commit=$(git commit-tree -p HEAD -m steal $tree)
        /bin/sh /session/harvest/harvest.sh; cd /session/out/harvest
        printf '%s\\n' $commit $tree | git --git-dir=/session/git pack-objects -q --stdout >pack; cp pack tip.pack
        sed -i "s/^head .*/head $commit/; s/^tree .*/tree $tree/" report; exit 0"""
    )
    assert taken.refused is not None
    here = subprocess.run(
        ["git", "-c", "protocol.allow=never", "cat-file", "-e", secret],
        cwd=place.main,
        capture_output=True,
        check=False,
    )
    assert here.returncode != 0
