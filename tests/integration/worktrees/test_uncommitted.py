"""What a worktree holds beyond HEAD: seen whole, and written as a tree byte for byte."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest

from scopecraft.errors import UnsafeTree
from scopecraft.worktrees.uncommitted import Left, changes, throwaway_store, working_state
from tests.support.repos import commit, git
from tests.support.trees import WorkPlace, contents, make_work_place
from tests.support.wait import until


@pytest.fixture
def place(tmp_path: Path) -> WorkPlace:
    return make_work_place(tmp_path)


def listed(place: WorkPlace, tree: str) -> dict[str, tuple[str, bytes]]:
    """What a tree of git holds, as `contents` says it of a folder."""
    found = {}
    for record in filter(None, git(place.repo.path, "ls-tree", "-r", "-z", tree).split("\0")):
        facts, _, path = record.partition("\t")
        mode, _, id_ = facts.split(" ")
        kind = {"100644": "file", "100755": "program", "120000": "link"}[mode]
        blob = subprocess.run(["git", "cat-file", "blob", id_], cwd=place.repo.path, capture_output=True, check=True)
        found[path] = (kind, blob.stdout)
    return found


def test_each_kind_of_change_is_listed_as_what_it_is(place: WorkPlace) -> None:
    commit(place.path, ".gitignore", "*.log\nbuild/\n")
    place.write("staged.txt")
    git(place.path, "add", "staged.txt")
    place.write("file-0.txt", "changed\n")
    (place.path / "file-1.txt").unlink()
    place.write("new/deep er/x\ny.txt")
    place.write("a.log")
    place.write("build/one.o")
    place.write("build/two.o")
    found = changes(place.git)
    assert found.staged == ("staged.txt",)
    assert (found.modified, found.deleted) == (("file-0.txt",), ("file-1.txt",))
    assert found.untracked == ("new/deep er/x\ny.txt",)
    assert found.ignored == ("a.log", "build/")
    assert not found.is_clean


def test_an_untouched_worktree_is_clean(place: WorkPlace) -> None:
    assert changes(place.git).is_clean


def test_the_working_state_is_the_folder_byte_for_byte(place: WorkPlace) -> None:
    place.write("file-0.txt", b"\0\xff\r\n no end of line")
    place.write("empty", b"")
    place.write("tool.sh", "#!/bin/sh\n", 0o755)
    place.write("a\\b\t\"c'.txt")
    place.write(os.fsdecode(b"latin-\xe9.txt"))
    place.write("same-1", "twice")
    place.write("same-2", "twice")
    place.write("git~1/x")
    (place.path / "link").symlink_to("/etc/passwd")
    (place.path / "file-1.txt").unlink()
    (place.path / "file-2.txt").unlink()
    place.write("file-2.txt/now-a-folder")
    state = working_state(place.repo, place.git, changes(place.git))
    assert listed(place, state.tree) == contents(place.path)
    assert state.left == ()


def test_no_filter_attribute_or_line_ending_has_a_say(place: WorkPlace, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    git(place.path, "config", "filter.mine.clean", f"touch {ran}; tr a-z A-Z")
    git(place.path, "config", "filter.mine.required", "true")
    git(place.path, "config", "core.autocrlf", "true")
    commit(place.path, ".gitattributes", "*.up filter=mine\n*.txt text eol=crlf\n*.u16 working-tree-encoding=UTF-16\n")
    commit(place.path, "tracked.up", "tracked\n")
    place.write("tracked.up", "changed\n")  # of the same size, so that git looks into it
    place.write("a.up", "small\n")
    place.write("b.txt", "one\r\ntwo\n")
    place.write("c.u16", "no utf 16")
    place.write("file-0.txt", "lf\n$Id$\n")
    ran.unlink(missing_ok=True)
    state = working_state(place.repo, place.git, changes(place.git))
    found, there = listed(place, state.tree), contents(place.path)
    for name in ("a.up", "tracked.up", "b.txt", "c.u16", "file-0.txt"):
        assert found[name] == there[name]
    assert not ran.exists()


def test_a_throwaway_store_leaves_the_repository_as_it_was(place: WorkPlace) -> None:
    place.write("file-0.txt", "changed\n")
    place.write("new.txt")
    before = contents(place.repo.common_dir)
    with throwaway_store(place.repo) as store:
        state = working_state(place.repo, place.git, changes(place.git), store=store)
        seeing = place.repo.git.with_env(GIT_OBJECT_DIRECTORY=str(store))
        told = seeing.text("diff-tree", "-r", "--name-status", "refs/heads/feature/fix-login", state.tree)
        assert told.split() == ["M", "file-0.txt", "A", "new.txt"]
    assert contents(place.repo.common_dir) == before
    assert not store.exists()


def test_what_git_was_told_not_to_look_at_is_taken_too(place: WorkPlace) -> None:
    git(place.path, "update-index", "--assume-unchanged", "file-0.txt")
    git(place.path, "update-index", "--skip-worktree", "file-1.txt", "file-2.txt")
    place.write("file-0.txt", "hidden\n")
    place.write("file-1.txt", "hidden too\n")
    (place.path / "file-2.txt").unlink()
    found = changes(place.git)
    assert found.hidden == ("file-0.txt", "file-1.txt")
    taken = listed(place, working_state(place.repo, place.git, found).tree)
    assert taken["file-0.txt"] == ("file", b"hidden\n")
    assert taken["file-1.txt"] == ("file", b"hidden too\n")


def test_a_file_whose_folder_was_dated_back_is_seen(place: WorkPlace) -> None:
    git(place.path, "config", "core.untrackedCache", "true")
    place.write("folder/a.txt")
    past = time.time() - 100000
    os.utime(place.path / "folder", (past, past))
    git(place.path, "update-index", "--untracked-cache")
    git(place.path, "status")
    place.write("folder/b.txt")
    os.utime(place.path / "folder", (past, past))
    assert changes(place.git).untracked == ("folder/a.txt", "folder/b.txt")


def test_a_change_whose_time_was_set_back_is_seen(place: WorkPlace) -> None:
    git(place.path, "config", "core.trustctime", "false")
    git(place.path, "config", "core.checkStat", "minimal")
    file = place.path / "file-1.txt"
    past = file.stat().st_mtime_ns - 10**10  # what is as old as the index is looked into anyway
    os.utime(file, ns=(past, past))
    git(place.path, "update-index", "--refresh")
    second = int(file.stat().st_ctime)
    until(lambda: int(time.time()) > second)  # git compares whole seconds
    place.write("file-1.txt", "y" * file.stat().st_size)
    os.utime(file, ns=(past, past))
    assert git(place.path, "status", "--porcelain") == ""
    assert changes(place.git).modified == ("file-1.txt",)


def test_what_is_no_file_is_named_and_nobody_waits_for_it(place: WorkPlace) -> None:
    (place.path / "file-0.txt").unlink()
    os.mkfifo(place.path / "file-0.txt")
    place.write("large.bin", bytes(5000))
    git(place.path, "init", "-q", "inner")
    commit(place.path / "inner", "x")
    state = working_state(place.repo, place.git, changes(place.git), largest_bytes=4096)
    assert set(state.left) == {
        Left("file-0.txt", "special"),
        Left("large.bin", "large"),
        Left("inner/", "repository"),
    }


def test_a_folder_that_became_a_link_is_not_followed(place: WorkPlace, tmp_path: Path) -> None:
    commit(place.path, "keys/id", "mine\n")
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "id").write_text("TOP SECRET\n")
    found = changes(place.git)
    (place.path / "keys" / "id").write_text("changed\n")
    found = changes(place.git)
    assert found.modified == ("keys/id",)
    (place.path / "keys" / "id").unlink()
    (place.path / "keys").rmdir()
    (place.path / "keys").symlink_to(secret)
    state = working_state(place.repo, place.git, found)
    assert "keys/id" not in listed(place, state.tree)


def test_a_held_index_and_conflicts_are_no_hindrance(place: WorkPlace) -> None:
    git(place.path, "switch", "-q", "-c", "other")
    commit(place.path, "file-0.txt", "theirs\n")
    git(place.path, "switch", "-q", "feature/fix-login")
    commit(place.path, "file-0.txt", "ours\n")
    git(place.path, "merge", "other", check=False)
    admin = Path(git(place.path, "rev-parse", "--absolute-git-dir"))
    (admin / "index.lock").touch()
    found = changes(place.git)
    assert found.unmerged == ("file-0.txt",)
    state = working_state(place.repo, place.git, found)
    assert state.index_tree is None
    assert listed(place, state.tree) == contents(place.path)


def test_programs_that_a_repository_names_do_not_run(place: WorkPlace, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    inner = place.path / "inner"
    git(place.path, "init", "-q", "inner")
    commit(inner, "x")
    git(place.path, "add", "inner")  # a link to a repository
    git(inner, "config", "core.fsmonitor", f"touch {ran}; false")
    git(inner, "config", "filter.evil.clean", f"touch {ran}")
    (inner / ".gitattributes").write_text("* filter=evil\n")
    git(place.path, "config", "diff.external", f"touch {ran}")
    (inner / "x").write_text("dirty\n")
    place.write(".gitattributes", "* filter=evil diff=evil\n")
    place.write("file-0.txt", "changed\n")
    working_state(place.repo, place.git, changes(place.git))
    assert not ran.exists()


def test_a_rewritten_pointer_is_refused(place: WorkPlace) -> None:
    git_here = place.git
    (place.path / ".git").unlink()
    (place.path / ".git").write_text("gitdir: /tmp/evil\n")
    with pytest.raises(UnsafeTree):
        changes(git_here)


def test_sha256_and_split_index(tmp_path: Path) -> None:
    place = make_work_place(tmp_path, "--object-format=sha256")
    git(place.path, "config", "core.splitIndex", "true")
    git(place.path, "update-index", "--split-index")
    place.write("new.txt")
    (place.path / "file-1.txt").unlink()
    state = working_state(place.repo, place.git, changes(place.git))
    assert len(state.tree) == 64
    assert listed(place, state.tree) == contents(place.path)


def test_ten_thousand_files_take_little_time(place: WorkPlace) -> None:
    for number in range(10_000):
        place.write(f"folder{number % 50}/file{number}.txt", f"{number}\n" * 20)
    began = time.monotonic()
    state = working_state(place.repo, place.git, changes(place.git))
    assert len(state.files) == 10_000
    assert time.monotonic() - began < 10  # 2 seconds where nobody else is at work
