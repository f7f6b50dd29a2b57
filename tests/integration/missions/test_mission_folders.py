"""Missions on disk: whole or not there, and what a killed process left is taken away."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scopecraft.config.paths import Home, make_home
from scopecraft.errors import StateUnreadable
from scopecraft.missions.folder import changing, create_mission, read_mission, save_mission
from scopecraft.model.clock import to_text
from scopecraft.model.ids import new_mission_id
from scopecraft.model.mission import Mission

NOW = datetime.now(UTC)
MISSION = Mission(
    id=new_mission_id(NOW),
    title="Fix it",
    slug="fix-it",
    type="feature",
    workflow_id="oneshot",
    current_step=0,
    status="ready",
    project="shop",
    branch="feature/fix-it",
    base="0" * 40,
    worktree="/w",
    created_at=to_text(NOW),
    updated_at=to_text(NOW),
)


@pytest.fixture
def home(clean_environment: Path) -> Home:
    home = Home(clean_environment / "scopecraft")
    make_home(home)
    return home


def test_a_mission_comes_back_as_it_was_whatever_its_text(home: Home) -> None:
    odd = replace(MISSION, title="修正 \u202e x", worktree="/w/\udcff", errors=("\x1b[2J",))
    folder = create_mission(home, odd, "prompt \udcff")
    assert read_mission(folder) == odd
    text = (folder / "mission.json").read_text()
    assert "修正" in text
    assert "\x1b" not in text and "\u202e" not in text


def test_what_a_killed_process_had_begun_long_ago_is_taken_away(home: Home) -> None:
    old, new = home.missions_active / ".making-m-1", home.missions_active / ".making-m-2"
    for folder in (old, new):
        (folder / "artifacts").mkdir(parents=True)
    two_hours_ago = (NOW - timedelta(hours=2)).timestamp()
    os.utime(old, (two_hours_ago, two_hours_ago))
    create_mission(home, MISSION, "")
    assert not old.exists()
    assert new.is_dir()


def test_a_mission_without_its_file_is_told_with_where_a_damaged_one_is(home: Home) -> None:
    folder = create_mission(home, MISSION, "")
    (folder / "mission.json").write_bytes(b"\0")
    for _ in range(2):
        with pytest.raises(StateUnreadable) as raised, changing(home, MISSION.id):
            pass
        (aside,) = folder.glob("mission.json.damaged-*")
        assert str(aside) in raised.value.message
        assert str(folder / "mission.json") in raised.value.message
    save_mission(home, MISSION)
    with changing(home, MISSION.id) as mission:
        assert mission == MISSION
