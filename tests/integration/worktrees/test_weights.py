"""What is ignored by git: small enough to be kept without a word, or not."""

from __future__ import annotations

import os
from pathlib import Path

from scopecraft.worktrees.removal import ALL_SMALL_BYTES, SMALL_BYTES, SMALL_FILES, Weight, small_ones, weigh


def test_a_folder_weighs_what_is_in_it_and_a_link_only_itself(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "large").write_bytes(bytes(5000))
    tree = tmp_path / "tree"
    (tree / "build" / "deep" / ".git").mkdir(parents=True)
    (tree / "build" / "one").write_bytes(bytes(10))
    (tree / "build" / "deep" / "two").write_bytes(bytes(20))
    (tree / "build" / "link").symlink_to(outside)
    os.mkfifo(tree / "build" / "pipe")
    link = len(os.fsencode(outside))
    assert weigh(tree, "build/") == Weight("build/", 4, 30 + link, 1)
    assert weigh(tree, "build/one") == Weight("build/one", 1, 10)
    (tree / "all").symlink_to(outside)
    assert weigh(tree, "all") == Weight("all", 1, link)
    assert weigh(tree, "gone/") == Weight("gone/", 0, 0)


def test_what_is_large_has_many_files_or_holds_a_repository_is_not_small() -> None:
    env = Weight(".env", 1, 100)
    others = [
        Weight("dump.sql", 1, SMALL_BYTES + 1),
        Weight("node_modules/", SMALL_FILES + 1, 100),
        Weight("vendor/", 3, 100, repositories=1),
    ]
    assert small_ones([*others, env]) == (env,)


def test_many_small_ones_are_kept_until_there_is_no_room() -> None:
    many = [Weight(f"cache-{number:02}", 1, SMALL_BYTES) for number in range(20)]
    kept = small_ones([*many, Weight(".env", 1, 100)])
    assert kept[0].path == ".env"
    assert sum(weight.bytes for weight in kept) <= ALL_SMALL_BYTES
    assert len(kept) == ALL_SMALL_BYTES // SMALL_BYTES
