"""Missions that stand in missions/completed: found where no active one fits, by their names alone."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from scopecraft.config.paths import Home, make_home
from scopecraft.errors import Ambiguous, StateUnreadable
from scopecraft.missions.finding import all_missions, completed_with, find_mission, require_mission
from scopecraft.missions.folder import changing, create_mission, folder_of, read_mission, save_mission
from scopecraft.model.ids import new_mission_id
from scopecraft.model.mission import Mission
from tests.support.sessions import AT

MANY = 10_000


@pytest.fixture
def home(clean_environment: Path) -> Home:
    home = Home(clean_environment / "scopecraft")
    make_home(home)
    return home


def made(home: Home, slug: str, *, completed: bool = False, project: str = "shop") -> Mission:
    mission = Mission(
        id=new_mission_id(datetime.now(UTC)),
        title=slug,
        slug=slug,
        type="feature",
        workflow_id="oneshot",
        current_step=2 if completed else 0,
        status="completed" if completed else "ready",
        project=project,
        branch=f"feature/{slug}",
        base="0" * 40,
        worktree=f"/w/{slug}",
        created_at=AT,
        updated_at=AT,
    )
    folder = create_mission(home, mission, "what to do")
    if not completed:
        return mission
    frozen = replace(mission, is_frozen=True)
    folder.rename(folder_of(home, frozen))
    return frozen


def test_a_completed_mission_is_found_by_every_name_it_has(home: Home) -> None:
    made(home, "other")
    mission = made(home, "login-05A", completed=True)
    for name in (mission.id, "login-05A", "Login 05A", "05A", mission.id[-6:]):
        assert find_mission(home, name, "shop", partial=True) == mission, name
    assert find_mission(home, mission.id[-6:], "shop", partial=False) is None
    assert find_mission(home, "login-05A", "elsewhere", partial=True) is None
    assert require_mission(home, "login-05A", None).is_frozen


def test_an_active_mission_goes_before_a_completed_one_of_its_name(home: Home) -> None:
    made(home, "fix-login", completed=True)
    made(home, "fix-login", completed=True)
    with pytest.raises(Ambiguous):
        find_mission(home, "fix-login", None, partial=False)
    active = made(home, "fix-login")
    assert find_mission(home, "fix-login", None, partial=False) == active


def test_only_who_asks_for_them_gets_completed_missions_in_a_list(home: Home) -> None:
    active, frozen = made(home, "one"), made(home, "two", completed=True)
    assert all_missions(home)[0] == [active]
    assert {mission.id for mission in all_missions(home, completed=True)[0]} == {active.id, frozen.id}
    assert completed_with(home, "feature/two") == [frozen]
    assert completed_with(home, "feature/one") == []


def test_ten_thousand_completed_missions_are_looked_through_without_opening_one(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(MANY):
        (home.missions_completed / f"m-{number:016x}--task-{number}").mkdir()
    mission = made(home, "wanted", completed=True)
    opened: list[Path] = []
    really = Path.open

    def open_counted(path: Path, *arguments: object, **options: object) -> object:
        opened.append(path)
        return really(path, *arguments, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", open_counted)
    assert find_mission(home, "wanted", "shop", partial=True) == mission
    assert find_mission(home, "never-heard-of", "shop", partial=True) is None
    assert opened == [folder_of(home, mission) / "mission.json"]


@contextmanager
def waiting_for_its_lock(home: Home, mission: Mission, seen: list[Mission | str]) -> Iterator[None]:
    """Somebody who wants to change it while the block runs, and what became of them."""

    def change() -> None:
        try:
            with changing(home, mission.id) as current:
                seen.append(current)
                save_mission(home, replace(current, title="changed"))
        except StateUnreadable as error:
            seen.append(error.message)

    thread = threading.Thread(target=change)
    try:
        with changing(home, mission.id):
            thread.start()
            yield
    finally:
        thread.join(30)


@pytest.mark.parametrize("completed", [False, True])
def test_who_waits_to_change_a_mission_finds_it_where_it_was_moved_meanwhile(home: Home, completed: bool) -> None:
    mission = made(home, "moved", completed=completed)
    there = replace(mission, is_frozen=not completed)
    seen: list[Mission | str] = []
    with waiting_for_its_lock(home, mission, seen):
        folder_of(home, mission).rename(folder_of(home, there))
    assert seen == [there]
    assert read_mission(folder_of(home, there)).title == "changed"
    assert not folder_of(home, mission).exists()


def test_who_waits_to_change_a_mission_that_goes_to_the_trash_hears_so(home: Home) -> None:
    mission = made(home, "gone")
    seen: list[Mission | str] = []
    with waiting_for_its_lock(home, mission, seen):
        folder_of(home, mission).rename(home.root / "elsewhere")
    assert len(seen) == 1 and "is gone" in str(seen[0])
