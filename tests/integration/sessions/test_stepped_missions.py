"""A mission that `sc run` made is moved by hand: its session, which is at work, stays the one that carries it out."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from scopecraft.errors import AlreadyRunning
from scopecraft.missions.folder import changing
from scopecraft.missions.moves import StepEnd, ended
from scopecraft.model.mission import Mission
from scopecraft.model.workflow import DIRECT
from scopecraft.sessions.context import Context
from scopecraft.sessions.mission_moves import complete, go_back, go_on
from scopecraft.sessions.stepped import stepped
from scopecraft.state.store import Store
from tests.support.missions import Desk, make_desk
from tests.support.sessions import AT, LATER, a_session, running


@pytest.fixture
def desk(clean_environment: Path) -> Desk:
    return make_desk(clean_environment)


def at_work(desk: Desk) -> tuple[Mission, str]:
    mission = desk.mission("fix-login")
    session = a_session(mission_id=mission.id, task=mission.slug, project="shop", step_id="implementation")
    (desk.home.sessions / session.id).mkdir(mode=0o700)
    with Store.open(desk.home.root) as store:
        store.create(session, AT)
        store.move(session.id, running(), "session_started", AT)
    return mission, session.id


def test_what_is_at_work_is_not_begun_beside_itself(desk: Desk) -> None:
    mission, _ = at_work(desk)
    context = Context.of(os.environ)
    for move in (go_on, complete):
        with pytest.raises(AlreadyRunning, match="is at work: Implementation"):
            move(context, mission.id, "ann")
    with pytest.raises(AlreadyRunning, match="is at work"):
        go_back(context, mission.id, "implementation", "ann")
    with changing(desk.home, mission.id) as found:
        assert found == mission


def test_the_end_of_that_session_moves_it_on(desk: Desk) -> None:
    mission, run_id = at_work(desk)
    found = stepped(Context.of(os.environ), mission, DIRECT)
    assert ended(found, DIRECT, run_id, StepEnd("done"), LATER).status == "waiting_code_review"


def test_without_a_session_it_is_told_by_where_it_stands(desk: Desk) -> None:
    found = stepped(Context.of(os.environ), desk.mission("fix-login"), DIRECT)
    assert [state.phase for state in found.steps] == ["pending", "pending"]
