"""Whatever an agent calls its files, they go to the trash and come back."""

from __future__ import annotations

import os
from pathlib import Path

from tests.support.missions import make_desk

NAMES = (
    ".GIT/config",
    "sub/.Git/x",
    "a/.git\u200c/x",
    "git~1",
    "GIT~2/x",
    ".gitmodules",
    ".gitattributes",
    "a\nb",
    "x\\y",
    "CON",
    "a:b",
    " leading",
    "trailing ",
    os.fsdecode(b"\xff\xfe"),
    "-dash",
    "case",
    "CASE",
)


def test_odd_names_survive_a_removal(clean_environment: Path) -> None:
    desk = make_desk(clean_environment)
    tree = Path(desk.mission("fix-login").worktree)
    for name in NAMES:
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(f"{name!r}\n")
    desk.done("rm", "fix-login", "--yes")
    assert not tree.exists()
    said = desk.done("restore", "fix-login")
    assert "warning" not in said.err
    assert [(tree / name).read_text() for name in NAMES] == [f"{name!r}\n" for name in NAMES]
