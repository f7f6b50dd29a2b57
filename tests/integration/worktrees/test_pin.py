"""A pin holds all that a worktree holds, and is read back before anybody relies on it."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from scopecraft.errors import BranchBusy, NotPinned, RepositoryRefused, UnsafeTree
from scopecraft.worktrees.pin import Pin, files_of, is_whole, pin, pin_namespace, unpin
from scopecraft.worktrees.survey import Survey, fingerprint, survey
from scopecraft.worktrees.uncommitted import changes
from tests.support.repos import commit, git
from tests.support.small_disk import fill, small_disk
from tests.support.trees import BRANCH, WorkPlace, make_work_place

ID = "m-0123456789abcdef"
AT = "2026-03-01T10:00:00.000Z"


@pytest.fixture
def place(tmp_path: Path) -> WorkPlace:
    return make_work_place(tmp_path)


def seen(place: WorkPlace) -> Survey:
    return survey(place.repo, place.path, BRANCH)


def pinned(place: WorkPlace) -> Pin:
    return pin(place.repo, ID, seen(place), AT)


def refs(place: WorkPlace) -> dict[str, str]:
    listed = git(place.repo.path, "for-each-ref", "--format=%(refname) %(objectname)", pin_namespace(ID))
    pairs = (line.split() for line in listed.splitlines())
    return {name.removeprefix(pin_namespace(ID)): id_ for name, id_ in pairs}


def test_branch_index_and_files_are_kept(place: WorkPlace) -> None:
    tip = commit(place.path, "done.txt")
    place.write("staged.txt", "staged\n")
    git(place.path, "add", "staged.txt")
    place.write("staged.txt", "and changed\n")
    place.write("new.sh", "new\n", 0o755)
    (place.path / "file-0.txt").unlink()
    made = pinned(place)
    assert refs(place) == {"branch": tip, "head": tip, "work": made.work}
    main = place.repo.path
    assert git(main, "show", f"{made.work}^2:staged.txt") == "staged"
    assert git(main, "show", f"{made.work}:staged.txt") == "and changed"
    assert "file-0.txt" not in git(main, "ls-tree", "--name-only", str(made.work))
    assert [(file.path, file.mode) for file in files_of(place.repo, made)] == [
        ("new.sh", "100755"),
        ("staged.txt", "100644"),
    ]
    assert Pin.from_dict(made.to_dict()) == made


def test_a_pin_outlives_the_worktree_the_branch_and_a_gc(place: WorkPlace) -> None:
    commit(place.path, "done.txt")
    place.write("new.txt", "only here\n")
    made = pinned(place)
    main = place.repo.path
    git(main, "worktree", "remove", "--force", "--force", str(place.path))
    git(main, "update-ref", "-d", f"refs/heads/{BRANCH}")
    git(main, "reflog", "expire", "--expire=now", "--all")
    git(main, "gc", "--quiet", "--prune=now")
    assert is_whole(place.repo, made)
    assert git(main, "show", f"{made.work}:new.txt") == "only here"
    git(main, "fsck", "--strict")


def test_pinning_leaves_nothing_half_made_and_twice_is_as_once(place: WorkPlace) -> None:
    place.write("new.txt")
    first = pinned(place)
    assert pinned(place) == first
    objects = place.repo.objects_dir
    assert not [*objects.glob("tmp_*"), *objects.glob("pack/tmp_*"), *objects.glob("pack/*.keep")]
    unpin(place.repo, ID)
    assert refs(place) == {}
    assert not is_whole(place.repo, first)


def test_a_clean_worktree_is_pinned_too(place: WorkPlace) -> None:
    made = pinned(place)
    assert files_of(place.repo, made) == []
    assert made.head == git(place.repo.path, "rev-parse", "main")


def test_commits_that_only_the_reflog_names_are_kept(place: WorkPlace) -> None:
    lost = commit(place.path, "undone.txt")
    git(place.path, "reset", "-q", "--hard", "HEAD~1")
    pinned(place)
    assert git(place.repo.path, "rev-parse", f"{refs(place)['lost']}^1") == lost


def test_a_detached_head_is_kept_beside_the_branch(place: WorkPlace) -> None:
    tip = commit(place.path, "a.txt")
    git(place.path, "switch", "-q", "--detach")
    head = commit(place.path, "b.txt")
    made = pinned(place)
    assert (made.branch_tip, made.head, made.head_ref) == (tip, head, None)


def test_a_worktree_that_was_deleted_by_hand_still_has_its_index_and_branch(place: WorkPlace) -> None:
    tip = commit(place.path, "a.txt")
    place.write("staged.txt", "staged\n")
    git(place.path, "add", "staged.txt")
    git(place.repo.path, "worktree", "unlock", str(place.path))
    shutil.rmtree(place.path)
    made = pinned(place)
    assert (made.branch_tip, made.head) == (tip, tip)
    assert git(place.repo.path, "show", f"{made.work}^2:staged.txt") == "staged"


def test_a_branch_that_we_made_is_told_from_a_persons(place: WorkPlace) -> None:
    assert seen(place).is_branch_ours
    git(place.path, "switch", "-q", "-c", "mine")
    assert not survey(place.repo, place.path, "mine").is_branch_ours


@pytest.mark.parametrize("operation", ["merge", "rebase", "cherry-pick", "revert"])
def test_what_is_half_done_is_refused_by_name(place: WorkPlace, operation: str) -> None:
    base = git(place.path, "rev-parse", "HEAD")
    git(place.path, "switch", "-q", "-c", "other")
    other = commit(place.path, "file-0.txt", "theirs\n")
    git(place.path, "switch", "-q", BRANCH)
    commit(place.path, "file-0.txt", "ours\n")
    second = commit(place.path, "file-0.txt", "ours again\n")
    words = {"merge": ["other"], "rebase": ["other"], "cherry-pick": [other], "revert": [f"{second}~1"]}
    assert base
    git(place.path, operation, *words[operation], check=False)
    with pytest.raises(RepositoryRefused, match=f"a {operation} is under way"):
        seen(place)


def test_conflicts_without_an_operation_are_refused(place: WorkPlace) -> None:
    place.write("file-0.txt", "stashed\n")
    git(place.path, "stash")
    commit(place.path, "file-0.txt", "committed\n")
    git(place.path, "stash", "pop", check=False)
    with pytest.raises(RepositoryRefused, match="conflicts"):
        seen(place)


def test_a_worktree_that_somebody_locked_is_refused(place: WorkPlace) -> None:
    git(place.repo.path, "worktree", "unlock", str(place.path))
    git(place.repo.path, "worktree", "lock", "--reason", "on a stick", str(place.path))
    with pytest.raises(BranchBusy, match="on a stick"):
        seen(place)


def test_a_rewritten_pointer_is_refused_before_anything_is_read(place: WorkPlace) -> None:
    (place.path / ".git").write_text(f"gitdir: {place.repo.common_dir}/worktrees/other\n")
    with pytest.raises(UnsafeTree):
        seen(place)


def test_a_write_after_the_pin_shows_in_the_fingerprint(place: WorkPlace) -> None:
    place.write("new.txt", "one\n")
    made = pinned(place)
    assert fingerprint(place.path, changes(place.git)) == made.fingerprint
    info = (place.path / "new.txt").stat()
    place.write("new.txt", "two\n")
    os.utime(place.path / "new.txt", ns=(info.st_atime_ns, info.st_mtime_ns))
    assert fingerprint(place.path, changes(place.git)) != made.fingerprint


def test_what_no_tree_can_hold_is_named(place: WorkPlace) -> None:
    os.mkfifo(place.path / "file-0.txt.fifo")
    (place.path / "file-1.txt").unlink()
    os.mkfifo(place.path / "file-1.txt")
    git(place.path, "init", "-q", "inner")
    commit(place.path / "inner", "x")
    (place.path / "big.bin").touch()
    os.truncate(place.path / "big.bin", (32 << 20) + 1)
    assert pinned(place).left == ("big.bin", "file-1.txt", "inner/")


def test_a_full_disk_leaves_the_repository_as_it_was(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        place = make_work_place(disk)
        for number in range(20):
            place.write(f"noise-{number}", os.urandom(4096))
        ballast = fill(disk, but=4)
        with pytest.raises(NotPinned, match="nothing was removed"):
            pinned(place)
        assert refs(place) == {}
        assert not [*place.repo.objects_dir.glob("tmp_*"), *place.repo.objects_dir.glob("pack/tmp_*")]
        ballast.unlink()
        assert len(files_of(place.repo, pinned(place))) == 20


def test_a_pin_that_git_could_not_write_removes_nothing(place: WorkPlace) -> None:
    found = replace(seen(place), lost=("0" * 39 + "1",))
    with pytest.raises(NotPinned):
        pin(place.repo, ID, found, AT)
    assert refs(place) == {}
