"""Object stores that borrow from each other must all be seen in a container, at the paths that git takes."""

from __future__ import annotations

import os
from pathlib import Path

from scopecraft.worktrees.alternates import alternates_file, object_stores


def store(path: Path, *borrowed: str) -> Path:
    (path / "info").mkdir(parents=True)
    (path / "info/alternates").write_bytes(b"".join(os.fsencode(line) + b"\n" for line in borrowed))
    return path


def test_the_whole_chain_is_followed_by_absolute_and_relative_paths(tmp_path: Path) -> None:
    third = store(tmp_path / "third")
    second = store(tmp_path / "second", "../third")
    first = store(tmp_path / "first", "# a comment", "", str(second), "/not/there")
    assert object_stores(first) == (first, second, third)


def test_a_ring_ends(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    assert object_stores(store(first, str(store(second, str(first))))) == (first, second)


def test_odd_names_are_written_and_read_as_git_quotes_them(tmp_path: Path) -> None:
    for name in ('line\nbreak "and" \\more', "ünï cöde", " space ", os.fsdecode(b"latin-\xe9")):
        odd = store(tmp_path / name)
        first = store(tmp_path / f"first-{len(list(tmp_path.iterdir()))}")
        (first / "info/alternates").write_bytes(alternates_file((odd,)))
        assert object_stores(first) == (first, odd)


def test_octal_escapes_are_understood(tmp_path: Path) -> None:
    odd = store(tmp_path / "ü")
    assert object_stores(store(tmp_path / "first", f'"{tmp_path}/\\303\\274"'))[1:] == (odd,)
