"""Records of removals: found by any name, told when damaged, never in the way of what is active."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from scopecraft.config.paths import Home, make_home
from scopecraft.errors import Ambiguous, NotFound, StateUnreadable
from scopecraft.missions.trash import (
    Removal,
    find_removal,
    load_removal,
    removals,
    removed_ids,
    save_removal,
    trash_folder,
)

FIRST = Removal(
    phase="removed",
    removed_at="2026-03-01T10:00:00.000Z",
    mission_id="m-0000000000000a01",
    slug="implement-auth-05A",
    title="Implement auth 05A",
    project="shop",
    branch="feature/implement-auth-05A",
    worktree="/w/shop/implement-auth-05A",
    takes_worktree=True,
    takes_branch=True,
    aside=("odd\udce9.bin", "node_modules/"),
)
SECOND = replace(FIRST, mission_id="m-0000000000000b02", slug="fix", title="fix", removed_at="2026-03-02T10:00:00.000Z")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    make_home(home)
    for removal in (FIRST, SECOND):
        save_removal(home, removal)
    return home


@pytest.mark.parametrize(
    "name",
    ["m-0000000000000a01", "implement-auth-05A", "Implement  auth 05A", "other-05A", "0a01", "m-0000000000000a0"],
)
def test_a_removed_mission_goes_by_all_its_names(home: Home, name: str) -> None:
    assert find_removal(home, name, None) == FIRST


@pytest.mark.parametrize("name", ["", "nothing", "*", "../x", "0000"])
def test_a_name_that_fits_none_or_several_is_refused(home: Home, name: str) -> None:
    with pytest.raises((NotFound, Ambiguous)):
        find_removal(home, name, None)
    with pytest.raises(NotFound):
        find_removal(home, "fix", "another-project")


def test_the_latest_stands_first_and_emptied_ones_are_only_remembered(home: Home) -> None:
    assert removals(home) == ([SECOND, FIRST], [])
    save_removal(home, replace(SECOND, phase="emptied"))
    assert removals(home)[0] == [FIRST]
    assert removed_ids(home) == {FIRST.mission_id, SECOND.mission_id}


def test_a_pin_alone_is_no_removal(home: Home) -> None:
    save_removal(home, replace(FIRST, phase="pinned"))
    (home.missions_active / FIRST.name).mkdir()
    assert removals(home)[0] == [SECOND]
    assert removed_ids(home) == {SECOND.mission_id}


def test_a_damaged_record_is_moved_aside_and_hides_no_other(home: Home) -> None:
    folder = trash_folder(home, FIRST.mission_id, FIRST.slug)
    folder.record.write_bytes(b'{"phase": "rem')
    found, told = removals(home)
    assert found == [SECOND]
    assert "moved to" in told[0] and str(folder.path) in told[0]
    assert [*folder.path.glob("removal.json.damaged-*")]
    assert load_removal(folder) is None
    folder.record.write_bytes(b"[]")
    with pytest.raises(StateUnreadable):
        load_removal(folder)


def test_no_trash_is_an_empty_one(tmp_path: Path) -> None:
    home = Home(tmp_path / "fresh")
    make_home(home)
    assert removals(home) == ([], [])
    assert removed_ids(home) == frozenset()
