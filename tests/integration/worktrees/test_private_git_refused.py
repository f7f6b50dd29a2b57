"""Repositories and moments that a private git directory cannot serve: one clear sentence, and nothing made."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from scopecraft.errors import RepositoryRefused, StorageFailed, UnsafeTree
from scopecraft.worktrees.pointer import read_pointer
from scopecraft.worktrees.private import PrivateRequest, make_private
from scopecraft.worktrees.repository import open_repository
from tests.support.container_git import BRANCH, Place, add_worktree, fill, host_git, make_repository


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return add_worktree(Place(None, tmp_path, make_repository(tmp_path / "main"), tmp_path / "tree"))


def make(place: Place, *, resume_from: Path | None = None) -> None:
    pointer = read_pointer(place.worktree)
    session = place.root / "session"
    make_private(
        open_repository(place.main),
        PrivateRequest(place.worktree, pointer, BRANCH, "m-1", session, (0, 0), place.root / "objects", resume_from),
    )


def refusal(place: Place) -> str:
    with pytest.raises(RepositoryRefused) as refused:
        make(place)
    assert refused.value.hint
    assert not (place.root / "session").exists()
    assert place.kept() == {}
    return refused.value.message


def test_a_submodule_with_a_git_folder_of_its_own(place: Place) -> None:
    make_repository(place.worktree / "part")
    place.git("-c", "advice.addEmbeddedRepo=false", "add", "part")
    fill(place.worktree, {".gitmodules": '[submodule "part"]\n\tpath = part\n\turl = ../part\n'})
    place.git("add", ".gitmodules")
    assert "the submodule part has a .git folder of its own" in refusal(place)


def test_git_crypt(place: Place) -> None:
    place.main_git("config", "filter.git-crypt.required", "true")
    fill(place.main, {".git/info/attributes": "secret filter=git-crypt\n"})
    assert "'git-crypt'" in refusal(place)


def test_filters_that_this_repository_does_not_use_are_no_reason(place: Place) -> None:
    for name in ("lfs", "git-crypt"):
        place.main_git("config", "--global", f"filter.{name}.required", "true")
    fill(place.worktree, {".gitattributes": "# *.psd filter=lfs2\n*.x filter=git-crypt-not\n"})
    make(place)


@pytest.mark.parametrize(
    ("begin", "word"),
    [
        (("merge", "main"), "merge"),
        (("rebase", "main"), "rebase"),
        (("cherry-pick", "main"), "cherry-pick"),
        (("switch", "-q", "--detach"), "not on the mission's branch"),
        (("switch", "-q", "-c", "elsewhere"), "not on the mission's branch"),
    ],
)
def test_a_worktree_in_the_middle_of_something(place: Place, begin: tuple[str, ...], word: str) -> None:
    for folder, text in ((place.main, "one"), (place.worktree, "two")):
        fill(folder, {"README.md": text})
        host_git(folder, "commit", "-q", "-a", "-m", text)
    place.git(*begin, check=False)
    assert word in refusal(place)


def test_a_branch_that_was_deleted(place: Place) -> None:
    place.main_git("update-ref", "-d", f"refs/heads/{BRANCH}")
    assert "deleted" in refusal(place)


def test_a_worktree_whose_pointer_was_rewritten(place: Place) -> None:
    pointer = read_pointer(place.worktree)
    (place.worktree / ".git").write_text("gitdir: /tmp/evil\n")
    session, store = place.root / "session", place.root / "objects"
    request = PrivateRequest(place.worktree, pointer, BRANCH, "m-1", session, (0, 0), store)
    with pytest.raises(UnsafeTree):
        make_private(open_repository(place.main), request)


def test_a_pipe_as_gitattributes_hangs_nobody(place: Place) -> None:
    place.main_git("config", "filter.x.required", "true")
    subprocess.run(["mkfifo", place.worktree / ".gitattributes"], check=True)
    make(place)


def test_half_done_work_stays_where_it_was_when_the_next_session_cannot_be_made(place: Place) -> None:
    before = place.root / "before/git"
    fill(before, {"MERGE_HEAD": "half done\n"})
    fill(place.root / "session", {"pointer": "in the way\n"})
    with pytest.raises(StorageFailed):
        make(place, resume_from=before)
    assert (before / "MERGE_HEAD").read_text() == "half done\n"
