"""The board of missions: always as the files are, read again only where they have changed."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from scopecraft.config.paths import Home, home_of, make_home
from scopecraft.missions.folder import folder_of, save_mission
from scopecraft.missions.kept_listing import KeptListing
from scopecraft.sessions.context import Context
from scopecraft.sessions.missions_board import Board, Glance, Wanted, with_costs
from scopecraft.sessions.missions_seen import Seen, seen_now
from scopecraft.state.store import Store
from tests.support.standing_missions import a_run, an_ended_run, stand

NOBODY = Seen({}, {}, {}, is_supervised=True)


@pytest.fixture
def home() -> Home:
    found = home_of(os.environ)
    make_home(found)
    return found


def slugs(glance: Glance) -> list[str]:
    return [view.mission.slug for view in (*glance.under_way, *glance.complete)]


def test_a_mission_is_told_as_it_is_now_and_where_it_stands_now(home: Home) -> None:
    board = Board(KeptListing(home))
    assert board.look(NOBODY, Wanted()).total == 0
    first, second = stand(home, "first"), stand(home, "second", "research")
    assert slugs(board.look(NOBODY, Wanted())) == ["second", "first"]
    save_mission(home, replace(first, title="Called otherwise"))
    assert [view.mission.title for view in board.look(NOBODY, Wanted()).under_way] == ["Second", "Called otherwise"]
    folder_of(home, second).rename(home.missions_completed / folder_of(home, second).name)
    (moved,) = (view for view in board.look(NOBODY, Wanted()).under_way if view.mission.slug == "second")
    assert moved.mission.is_frozen


def test_what_has_not_changed_is_not_read_again(home: Home) -> None:
    missions = [stand(home, f"mission-{number}") for number in range(3)]
    board = Board(KeptListing(home))
    before = {view.mission.id: view for view in board.look(NOBODY, Wanted()).under_way}
    save_mission(home, replace(missions[1], title="Another"))
    after = {view.mission.id: view for view in board.look(NOBODY, Wanted()).under_way}
    assert [after[each.id] is before[each.id] for each in missions] == [True, False, True]


def test_what_cannot_be_read_is_named_each_time_and_hides_nothing(home: Home) -> None:
    stand(home, "good")
    workflow = folder_of(home, stand(home, "bad")) / "workflow.json"
    workflow.write_text("{no")
    board = Board(KeptListing(home))
    for _ in range(2):
        glance = board.look(NOBODY, Wanted())
        assert slugs(glance) == ["good"]
        assert len(glance.damaged) == 1 and str(workflow) in glance.damaged[0]


def test_sessions_that_live_say_how_a_mission_stands_and_what_it_costs(home: Home) -> None:
    mission = stand(home, "fix-login", "research", "review", phases={"build": "running"})
    with Store.open(home.root) as store:
        an_ended_run(store, mission, "research", cost_usd=0.5)
        session = a_run(store, mission, "build")
    context = Context.of(os.environ)
    seen = seen_now(context, is_supervised=True, costs=lambda: {session.id: 0.25})
    glance = Board(KeptListing(home)).look(seen, Wanted())
    assert glance.counts["starting"] == 1
    assert [view.cost_usd for view in with_costs(context, glance.under_way, seen)] == [0.75]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", ["second-login", "login", "payments"]),
        ("LOGIN", ["second-login", "login"]),
        ("login second", ["second-login"]),
        ("status:review", ["second-login"]),
        ("project:shop pay", ["payments"]),
        ("project:other", []),
    ],
)
def test_words_narrow_the_list(home: Home, text: str, found: list[str]) -> None:
    stand(home, "payments", updated_at="2026-02-01T10:00:00.000Z")
    stand(home, "login")
    stand(home, "second-login", "research")
    glance = Board(KeptListing(home)).look(NOBODY, Wanted(text))
    assert slugs(glance) == found
    assert glance.total == 3


def test_parts_of_a_mission_are_found(home: Home) -> None:
    whole = stand(home, "whole")
    stand(home, "part", parent=whole.id)
    assert [view.mission.slug for view in Board(KeptListing(home)).parts_of(whole.id, NOBODY)] == ["part"]
