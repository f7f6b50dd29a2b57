"""`sc prune` that was killed, or that meets what only git still has: no work goes with it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.support.command_line import sc
from tests.support.made_missions import add_mission, home_here, linked_repository
from tests.support.repos import commit, git


@pytest.fixture
def shop(clean_environment: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    return linked_repository(clean_environment / "shop")


def orphaned(shop: Path, task: str) -> Path:
    """A worktree whose mission is gone."""
    mission = add_mission(shop, task)
    folder = next(home_here().missions_active.glob(f"{mission.id}--*"))
    subprocess.run(["rm", "-r", folder], check=True)
    return Path(mission.worktree)


def worktrees(shop: Path) -> list[dict[str, Any]]:
    said = sc("prune", "--json", cwd=shop)
    assert said.code == 0, said.err
    return [each for each in json.loads(said.out)["orphans"] if each["kind"] == "worktree"]


def test_a_worktree_that_was_set_apart_by_a_killed_prune_comes_back_with_what_was_written_meanwhile(shop: Path) -> None:
    there = orphaned(shop, "apart")
    (there / "late.txt").write_text("written when the prune had looked already")
    there.rename(home_here().worktrees / ".pruned-0123")
    (found,) = worktrees(shop)
    assert found["proposed"] and "put back" in found["will"]
    assert sc("prune", "--yes", cwd=shop).code == 0
    assert (there / "late.txt").is_file()
    (found,) = worktrees(shop)
    assert not found["proposed"] and "uncommitted work" in found["will"]


def test_a_worktree_in_which_nothing_was_missed_goes_on_going(shop: Path) -> None:
    there = orphaned(shop, "gone")
    gone = home_here().worktrees / ".gone-0123"
    there.rename(gone)
    assert all(each["proposed"] for each in worktrees(shop))
    assert sc("prune", "--yes", cwd=shop).code == 0
    assert not gone.exists() and worktrees(shop) == []


def test_commits_that_only_the_log_of_a_deleted_worktree_names_are_not_forgotten(shop: Path) -> None:
    there = orphaned(shop, "detached")
    git(there, "switch", "-q", "--detach")
    lost = commit(there, "unmerged.txt")
    subprocess.run(["rm", "-r", there], check=True)
    (found,) = worktrees(shop)
    assert not found["proposed"] and "no branch checked out" in found["will"]
    assert sc("prune", "--yes", cwd=shop).code == 0
    git(shop, "worktree", "prune", "--dry-run")
    assert lost in git(shop, "rev-parse", "worktrees/detached/HEAD")
