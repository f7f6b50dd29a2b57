"""`sc merge` at a terminal: what nobody has reviewed is shown, and merged on a person's yes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.missions import make_desk
from tests.support.repos import commit, git
from tests.support.screen import screen

pytestmark = pytest.mark.tmux


def test_the_files_are_shown_and_a_no_leaves_all_as_it_is(clean_environment: Path) -> None:
    desk = make_desk(clean_environment)
    worktree = Path(desk.mission("fix-login").worktree)
    commit(worktree, "file-0.txt", "mended\n")
    commit(worktree, "Makefile", "all:\n")
    before = git(desk.folder, "rev-parse", "main")
    with screen(clean_environment, desk.folder) as person:
        person.type("sc merge fix-login; echo code=$?")
        shown = person.until(r"merge it into main\? \[y/N\]")
        assert "your builds and tests run it" in shown
        assert "2 files, +2 -1, which nobody has reviewed" in shown
        assert "M +1 -1  file-0.txt" in shown
        person.press("Enter")
        person.until("nothing was merged\n(.*\n)*code=1")
        assert git(desk.folder, "rev-parse", "main") == before
        person.type("sc merge fix-login --squash; echo again=$?")
        person.until(r"(?s)merge it into main.*merge it into main\? \[y/N\]")
        person.type("y")
        shown = person.until("again=0")
        assert "fix-login is merged as one commit: main is at" in shown
    assert (desk.folder / "file-0.txt").read_text() == "mended\n"
