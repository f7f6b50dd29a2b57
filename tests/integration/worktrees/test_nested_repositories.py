"""What is moved out of a worktree before anyone runs git there, and what stays."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from scopecraft.worktrees.nested import Findings, clear_nested
from tests.support.container_git import fill, host_git
from tests.support.engine import unavailable

NOBODY = 65534


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    tree = tmp_path / "tree"
    fill(tree, {".git": "gitdir: /main/.git/worktrees/tree\n", "src/app.py": "print()\n"})
    return tree


def clear(tree: Path, *, since_ns: int | None = None, into: str = "nested") -> Findings:
    return clear_nested(tree, tree.parent / into, since_ns=since_ns)


def test_a_tree_without_any_is_left_as_it_is(tree: Path) -> None:
    assert clear(tree) == Findings()
    assert not (tree.parent / "nested").exists()


def test_with_a_clock_that_was_set_back_nothing_old_is_believed_to_be_old(tree: Path) -> None:
    host_git(tree, "init", "-q", "vendor/lib")
    later = time.time_ns() + 10**12
    assert clear(tree, since_ns=later) == Findings()
    assert clear(tree).moved == (("vendor/lib/.git", tree.parent / "nested/001-vendor-lib-.git"),)


def test_the_same_place_twice_is_kept_twice(tree: Path) -> None:
    for number in (1, 2):
        host_git(tree, "init", "-q", "sub")
        assert [place.name for _, place in clear(tree).moved] == [f"00{number}-sub-.git"]
    assert len(list((tree.parent / "nested").iterdir())) == 2


def test_where_the_session_is_on_another_disk_it_is_renamed_where_it_is(tree: Path) -> None:
    elsewhere = Path("/dev/shm")
    if not elsewhere.is_dir() or elsewhere.stat().st_dev == tree.stat().st_dev:
        unavailable("no second file system at /dev/shm")
    host_git(tree, "init", "-q", "sub")
    into = elsewhere / f"sc-nested-{os.getpid()}"
    try:
        found = clear_nested(tree, into, since_ns=None)
    finally:
        into.rmdir()
    assert [path for path, _ in found.moved] == ["sub/.git"]
    assert sorted(path.name for path in (tree / "sub").iterdir()) == [".git-moved-1"]
    assert (tree / "sub/.git-moved-1/HEAD.moved").exists()


def test_a_repository_below_a_path_that_is_too_long_to_name_from_the_root_is_found(tree: Path) -> None:
    """Git reaches what its own relative paths reach, and those begin at the worktree."""
    here = os.open(tree, os.O_RDONLY)
    depth = (4096 - 300) // 200
    for _ in range(depth):
        os.mkdir("d" * 199, dir_fd=here)
        inner = os.open("d" * 199, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    os.mkdir("x" * 150, dir_fd=here)
    os.mkdir("x" * 150 + "/.git", dir_fd=here)
    os.close(here)
    found = clear(tree)
    assert len(found.moved) == 1
    assert found.unreadable == ()


RIGHTS = {
    "the folder around it": ("vendor/lib", 0o555),
    "a folder that can be listed only": ("vendor/lib", 0o444),
    "a folder above that can be listed only": ("vendor", 0o444),
    "itself, closed": ("vendor/lib/.git", 0o000),
    "itself, read-only": ("vendor/lib/.git", 0o555),
}


@pytest.mark.parametrize("where", RIGHTS)
def test_taking_rights_away_does_not_keep_a_repository_in_the_worktree(where: str) -> None:
    """As an ordinary user: root needs no rights."""
    with ordinary_folder() as folder:
        host_git(folder, "init", "-q", "tree/vendor/lib")
        name, mode = RIGHTS[where]
        give(folder)
        (folder / "tree" / name).chmod(mode)
        found = as_ordinary_user(clear, folder / "tree")
        assert [path for path, _ in found.moved] == ["vendor/lib/.git"]
        assert found.stuck == found.unreadable == ()
        assert (folder / "nested/001-vendor-lib-.git/HEAD.moved").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make what another user owns")
def test_what_cannot_be_moved_is_named_and_the_rest_is_moved() -> None:
    with ordinary_folder() as folder:
        for name in ("fixed", "loose"):
            host_git(folder, "init", "-q", f"tree/{name}")
        give(folder)
        os.chown(folder / "tree/fixed", 0, 0)
        found = as_ordinary_user(clear, folder / "tree")
        assert [path for path, _ in found.moved] == ["loose/.git"]
        assert found.stuck == ("fixed/.git",)
        # not a repository to git all the same
        assert (folder / "tree/fixed/.git/HEAD.moved").exists()


@contextmanager
def ordinary_folder() -> Iterator[Path]:
    """An empty folder that every user reaches; pytest's own are for their user alone."""
    with TemporaryDirectory() as name:
        yield Path(name)


def give(folder: Path) -> None:
    """All of it to the ordinary user, where there is another one than us."""
    if os.geteuid() == 0:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, NOBODY, NOBODY, follow_symlinks=False)


def as_ordinary_user(action: Callable[[Path], Findings], tree: Path) -> Findings:
    if os.geteuid() != 0:
        return action(tree)
    with ProcessPoolExecutor(1, mp_context=get_context("fork"), initializer=os.setresuid, initargs=(NOBODY,) * 3) as it:
        return it.submit(action, tree).result()


def test_links_lead_nowhere(tree: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    host_git(tmp_path, "init", "-q", str(other))
    (tree / "link").symlink_to(other)
    (tree / "loop").symlink_to(tree)
    assert clear(tree) == Findings()
    (tree / "src/.git").symlink_to(other / ".git")
    assert [path for path, _ in clear(tree).moved] == ["src/.git"]
    assert (other / ".git/HEAD").exists()


def test_a_folder_with_a_thousand_names_is_searched_quickly(tree: Path) -> None:
    for number in range(200):
        folder = tree / f"part{number}"
        folder.mkdir()
        for file in range(50):
            (folder / f"{file}.txt").touch()
    began = time.perf_counter()
    clear(tree, since_ns=0)
    assert time.perf_counter() - began < 2
