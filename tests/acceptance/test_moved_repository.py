"""A repository that was moved: the hint that a person reads leads back to its missions."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.support.command_line import Said, sc
from tests.support.repos import git, make_repository

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("agent_image")]

COMMIT = 'echo "$0" >"$0" && git add -A && git commit -qm "Write $0"'


def run(cwd: Path, word: str, *more: str) -> Said:
    return sc("run", "fine", "--agent", "plain", *more, "--", "/bin/sh", "-ec", COMMIT, word, cwd=cwd)


def subjects(folder: Path) -> list[str]:
    return git(folder, "log", "--format=%s", "feature/fine").splitlines()


def projects() -> list[tuple[str, str, bool]]:
    return [(row["name"], row["path"], row["is_there"]) for row in json.loads(sc("projects", "--json").out)]


@pytest.fixture
def shop(clean_environment: Path) -> Path:
    """A linked repository with a mission that has run once."""
    assert sc("init").code == 0
    shop = make_repository(clean_environment / "shop")
    assert sc("link", str(shop)).code == 0
    assert run(shop, "one").code == 0
    return shop


def test_linked_where_it_is_now_its_missions_go_on(shop: Path, clean_environment: Path) -> None:
    moved = shop.rename(clean_environment / "elsewhere")
    said = run(clean_environment, "two", "--project", "shop")
    assert said.code == 3
    assert f"is not at {shop} any more\n" in said.err
    assert "link it where it is now: sc link PATH" in said.err

    linked = sc("link", str(moved))
    assert (linked.code, "warning" in linked.err) == (0, False)
    assert f"shop was moved: it is at {moved} now" in linked.err
    assert projects() == [("shop", str(moved), True)]
    worktree = Path(sc("path", "fine").out.removesuffix("\n"))
    assert git(worktree, "status", "--porcelain") == ""
    assert run(clean_environment, "two", "--project", "shop").code == 0
    assert subjects(moved) == ["Write two", "Write one", "start"]
    assert "linked already, as shop" in sc("link", cwd=worktree).err


def test_it_is_known_by_its_missions_branches_alone(shop: Path, clean_environment: Path) -> None:
    fresh = clean_environment / "fresh"
    git(shop, "clone", "--quiet", "--", str(shop), str(fresh))
    git(fresh, "branch", "feature/fine", "origin/feature/fine")
    shutil.rmtree(shop)
    linked = sc("link", str(fresh))
    assert f"shop was moved: it is at {fresh} now" in linked.err
    assert projects() == [("shop", str(fresh), True)]
    worktree = Path(sc("path", "fine").out.removesuffix("\n"))
    assert f"the worktree {worktree} does not lead there\nhint: save what you need, remove it" in linked.err
    shutil.rmtree(worktree)
    assert run(fresh, "two").code == 0
    assert subjects(fresh) == ["Write two", "Write one", "start"]


def test_another_repository_is_a_project_of_its_own(shop: Path, clean_environment: Path) -> None:
    shop.rename(clean_environment / "elsewhere")
    other = make_repository(clean_environment / "other" / "shop", files=1)
    git(other, "branch", "feature/fine")
    assert f"linked {other} as shop-2" in sc("link", str(other)).err
    assert [name for name, _, _ in projects()] == ["shop", "shop-2"]
