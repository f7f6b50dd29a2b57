"""What the supervisor hears makes it look at a mission again."""

from __future__ import annotations

import os
from pathlib import Path

from scopecraft.missions.folder import changing
from scopecraft.model.event import Event
from scopecraft.sessions.carrying_on import carry_on
from scopecraft.sessions.mission_moves import complete
from scopecraft.sessions.set_up import commands_held
from scopecraft.supervisor.carrying import Carrying
from scopecraft.supervisor.contexts import Contexts
from scopecraft.supervisor.requests import Doorkeeper
from tests.support.gated import Gated, gated
from tests.support.missions import make_desk
from tests.support.sessions import AT
from tests.support.wait import until


def is_frozen(mission: Gated) -> bool:
    with changing(mission.desk.home, mission.id) as found:
        return found.is_frozen


def test_a_mission_that_was_completed_beside_a_check_is_frozen_when_that_is_over(clean_environment: Path) -> None:
    mission = gated(make_desk(clean_environment))
    complete(mission.context, mission.id, "ann")
    with commands_held(mission.folder):
        carry_on(mission.context, mission.id)
    assert not is_frozen(mission)
    carrying = Carrying(Contexts(mission.desk.home, os.environ), Doorkeeper(), lambda: None)
    try:
        carrying.hear([Event(1, AT, "check_ran", mission.id)])
        until(lambda: is_frozen(mission))
    finally:
        carrying.leave()
