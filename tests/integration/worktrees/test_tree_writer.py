"""What is written back stays below its folder, whatever stands there."""

from __future__ import annotations

from pathlib import Path

import pytest

from scopecraft.errors import StorageFailed
from scopecraft.worktrees.tree_writer import TreeWriter


def test_no_link_on_the_way_is_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "x").write_text("theirs\n")
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "link").symlink_to(outside)
    kept = tmp_path / "kept"
    kept.write_text("kept\n")
    with TreeWriter(tree) as writer:
        with pytest.raises(StorageFailed):
            writer.write("link/new", "100644", b"new\n")
        writer.remove("link/x")
        assert not writer.move_in(kept, "link/kept")
    assert {path.name: path.read_text() for path in outside.iterdir()} == {"x": "theirs\n"}
    assert kept.exists()


def test_a_link_in_the_place_of_a_file_is_replaced(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_text("theirs\n")
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "file").symlink_to(target)
    with TreeWriter(tree) as writer:
        writer.write("file", "100755", b"new\n")
        writer.write("deep/er/link", "120000", b"../x")
    assert target.read_text() == "theirs\n"
    assert (tree / "file").read_text() == "new\n" and (tree / "file").stat().st_mode & 0o100
    assert str((tree / "deep/er/link").readlink()) == "../x"


def test_what_stands_there_is_not_replaced_by_what_is_moved_in(tmp_path: Path) -> None:
    tree, kept = tmp_path / "tree", tmp_path / "kept"
    for folder in (tree / "full", tree / "empty", kept):
        folder.mkdir(parents=True)
    (tree / "full" / "x").touch()
    (tree / "file").touch()
    (kept / "y").touch()
    with TreeWriter(tree) as writer:
        assert not writer.move_in(kept, "full")
        assert not writer.move_in(kept, "file")
        assert writer.move_in(kept, "empty")
    assert (tree / "empty" / "y").exists()
