"""Names that some file system takes for `.git`."""

from __future__ import annotations

import pytest

from scopecraft.worktrees.nested import is_git_name


@pytest.mark.parametrize("name", [".git", ".GIT", ".Git", ".g\u200cit", ".gi\ufefft", ".gIT\u200d", "\u200c.git"])
def test_disguises_are_seen(name: str) -> None:
    assert is_git_name(name)


@pytest.mark.parametrize("name", ["git", ".gitignore", ".gitmodules", ".github", ".", "", ".gi", ".git.moved", "x.git"])
def test_other_names_are_left_alone(name: str) -> None:
    assert not is_git_name(name)
