"""Files that are whole or untouched, private folders, and locks between processes."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from scopecraft.atomic import file_lock, move_aside, private_folder, replace_file
from scopecraft.errors import LockHeld, StorageFailed
from tests.support.small_disk import fill, make_read_only, small_disk
from tests.support.wait import until

ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder(clean_environment: Path) -> Path:
    return clean_environment / "home"


@pytest.fixture
def disk(clean_environment: Path) -> Iterator[Path]:
    with small_disk(clean_environment / "disk") as disk:
        yield disk


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def test_a_file_is_replaced_whole_and_private(clean_environment: Path) -> None:
    path = clean_environment / "state.json"
    path.write_bytes(b"old")
    path.chmod(0o644)
    replace_file(path, b"new" * 100_000)
    assert path.read_bytes() == b"new" * 100_000
    assert mode(path) == 0o600
    replace_file(path, b"", mode=0o755)
    assert path.read_bytes() == b"" and mode(path) == 0o755
    assert [entry.name for entry in clean_environment.iterdir() if entry.is_file()] == ["state.json"]


def test_the_mode_does_not_depend_on_the_umask(clean_environment: Path) -> None:
    before = os.umask(0o077)
    try:
        replace_file(clean_environment / "script", b"", mode=0o755)
    finally:
        os.umask(before)
    assert mode(clean_environment / "script") == 0o755


def test_a_symlink_is_replaced_and_what_it_names_is_not_touched(clean_environment: Path) -> None:
    target, link = clean_environment / "target", clean_environment / "link"
    target.write_bytes(b"keep")
    link.symlink_to(target)
    replace_file(link, b"new")
    assert target.read_bytes() == b"keep"
    assert not link.is_symlink() and link.read_bytes() == b"new"


def test_readers_see_the_old_file_or_the_new_one(clean_environment: Path) -> None:
    path = clean_environment / "state"
    replace_file(path, b"a" * 200_000)
    seen: set[bytes] = set()
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            data = path.read_bytes()
            seen.add(bytes({len(data) % 251}) + bytes(sorted(set(data))))

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for letter in b"ab" * 30:
            replace_file(path, bytes([letter]) * 200_000)
    finally:
        done.set()
        reader.join()
    assert seen <= {bytes([200_000 % 251]) + letter for letter in (b"a", b"b")}


@pytest.mark.parametrize("blocks", [0, 1, 5])
def test_without_space_the_old_file_is_whole_and_nothing_is_left(disk: Path, blocks: int) -> None:
    path = disk / "state.json"
    replace_file(path, b"old" * 5000)
    ballast = fill(disk, but=blocks)
    before = sorted(disk.iterdir())
    with pytest.raises(StorageFailed) as failed:
        replace_file(path, b"new" * 50_000)
    assert failed.value.message == f"cannot write {path}: the disk is full"
    assert failed.value.hint == "free some space and try again"
    assert path.read_bytes() == b"old" * 5000
    assert sorted(disk.iterdir()) == before
    ballast.unlink()
    replace_file(path, b"new" * 50_000)
    assert path.read_bytes() == b"new" * 50_000


def test_a_file_that_cannot_be_replaced_leaves_nothing_behind(clean_environment: Path) -> None:
    (clean_environment / "taken").mkdir()
    (clean_environment / "file").touch()
    before = sorted(clean_environment.iterdir())
    for path, reason in (("taken", "it is a folder"), ("file/x", "not a folder"), ("none/x", "No such file")):
        with pytest.raises(StorageFailed, match=reason) as failed:
            replace_file(clean_environment / path, b"x")
        assert str(clean_environment / path) in failed.value.message and failed.value.hint
    assert sorted(clean_environment.iterdir()) == before


def test_a_read_only_disk_is_named_as_such(disk: Path) -> None:
    make_read_only(disk)
    actions = (
        lambda: replace_file(disk / "x", b""),
        lambda: private_folder(disk / "x"),
        lambda: file_lock(disk / "x").__enter__(),
    )
    for action in actions:
        with pytest.raises(StorageFailed, match="read-only"):
            action()


def test_moving_aside_keeps_everything_that_was_ever_moved(clean_environment: Path) -> None:
    path = clean_environment / "state.json"
    asides = []
    for content in ("one", "two", "three"):
        path.write_text(content)
        asides.append(move_aside(path))
        assert not path.exists()
    assert [aside.read_text() for aside in asides] == ["one", "two", "three"]
    assert all(aside.parent == path.parent and ".damaged-" in aside.name for aside in asides)
    path.mkdir()
    assert move_aside(path, "foreign").name.startswith("state.json.foreign-")
    with pytest.raises(StorageFailed):
        move_aside(path)


def test_folders_are_made_private_with_their_parents_and_left_as_they_are_later(clean_environment: Path) -> None:
    before = os.umask(0)
    try:
        private_folder(clean_environment / "a" / "b")
    finally:
        os.umask(before)
    assert mode(clean_environment / "a") == mode(clean_environment / "a" / "b") == 0o700
    (clean_environment / "a").chmod(0o755)
    private_folder(clean_environment / "a")
    assert mode(clean_environment / "a") == 0o755


@pytest.mark.parametrize("path", ["file", "file/below", "dangling"])
def test_a_folder_that_cannot_be_made_is_named(clean_environment: Path, path: str) -> None:
    (clean_environment / "file").touch()
    (clean_environment / "dangling").symlink_to(clean_environment / "nowhere")
    with pytest.raises(StorageFailed, match="not a folder") as failed:
        private_folder(clean_environment / path)
    assert failed.value.hint


@pytest.mark.parametrize("name", ["lock", "home"])
def test_a_lock_is_held_against_everybody_and_given_back(clean_environment: Path, name: str) -> None:
    path = clean_environment / name  # a file that is made for it, and a folder
    with file_lock(path), pytest.raises(LockHeld, match=name), file_lock(path, timeout=0):
        pass
    with pytest.raises(KeyError), file_lock(path, timeout=0):
        raise KeyError
    with file_lock(path, timeout=0):
        pass


def test_a_lock_waits_as_long_as_it_may(clean_environment: Path) -> None:
    path = clean_environment / "lock"
    held, release, got = threading.Event(), threading.Event(), threading.Event()

    def hold() -> None:
        with file_lock(path):
            held.set()
            release.wait(10)

    def want() -> None:
        with file_lock(path, timeout=10):
            got.set()

    threads = [threading.Thread(target=hold), threading.Thread(target=want)]
    threads[0].start()
    assert held.wait(10)
    threads[1].start()
    with pytest.raises(LockHeld), file_lock(path, timeout=0.05):
        pass
    assert not got.is_set()
    release.set()
    assert got.wait(10)
    for thread in threads:
        thread.join()


def test_the_lock_of_a_killed_process_is_free(clean_environment: Path) -> None:
    path = clean_environment / "lock"
    program = (
        "import sys, pathlib, signal; from scopecraft.atomic import file_lock\n"
        "with file_lock(pathlib.Path(sys.argv[1])): print('held', flush=True); signal.pause()"
    )
    command = [sys.executable, "-c", program, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as holder:
        assert holder.stdout and holder.stdout.readline() == "held\n"
        with pytest.raises(LockHeld), file_lock(path, timeout=0):
            pass
        holder.send_signal(signal.SIGKILL)
        with file_lock(path, timeout=10):
            pass


def test_a_lock_that_was_removed_meanwhile_still_locks(clean_environment: Path) -> None:
    path = clean_environment / "lock"
    inside: list[str] = []

    def want() -> None:
        with file_lock(path):
            inside.append("in")
            with pytest.raises(LockHeld), file_lock(path, timeout=0):
                pass

    waiter = threading.Thread(target=want)
    with file_lock(path):
        waiter.start()
        until(lambda: is_waited_for(path), what="somebody waits for the lock")
        path.unlink()
    waiter.join(10)
    assert inside == ["in"] and path.exists()


def is_waited_for(path: Path) -> bool:
    """Whether somebody stands in line for the lock, by the kernel's own list."""
    locks = Path("/proc/locks").read_text().splitlines()
    return any("-> FLOCK" in line and f":{path.stat().st_ino} " in line for line in locks)
