"""Who works in a folder, as /proc tells it."""

from __future__ import annotations

from pathlib import Path

from scopecraft.sessions.occupants import Occupant, occupants_of


def process(proc: Path, pid: int, cwd: Path, command: bytes) -> None:
    folder = proc / str(pid)
    folder.mkdir(parents=True)
    (folder / "cwd").symlink_to(cwd)
    (folder / "cmdline").write_bytes(command)


def test_those_in_it_and_below_are_named_and_no_neighbour(tmp_path: Path) -> None:
    tree, proc = tmp_path / "tree", tmp_path / "proc"
    process(proc, 12, tree, b"sh\0-c\0sleep 1\0")
    process(proc, 3, tree / "deep" / "er", b"vim\0a\x1b[31m\0")
    process(proc, 4, tmp_path / "tree-2", b"neighbour\0")
    process(proc, 5, tree, b"")
    (proc / "6").mkdir()  # of somebody else: what it does cannot be read
    (proc / "self").mkdir()
    found = occupants_of(tree, proc)
    assert found == (Occupant(3, "vim a\\x1b[31m"), Occupant(5, "?"), Occupant(12, "sh -c sleep 1"))


def test_without_proc_nobody_is_seen(tmp_path: Path) -> None:
    assert occupants_of(tmp_path, tmp_path / "no-proc") == ()
