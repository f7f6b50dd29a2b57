"""What it means to let a mission continue, wherever that is said: whatever comes next comes now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scopecraft.missions.finding import require_mission
from scopecraft.sessions.finishing import finish_window
from scopecraft.sessions.gate_content import is_at_gate
from scopecraft.sessions.mission_moves import go_on, see_how_it_is

if TYPE_CHECKING:
    from scopecraft.model.mission import Mission
    from scopecraft.model.session import Session
    from scopecraft.sessions.context import Context


@dataclass(frozen=True, slots=True)
class AtGate:
    """A gate waits, and nothing was done: to approve is for whoever was shown what it is about."""

    mission: Mission


@dataclass(frozen=True, slots=True)
class Went:
    """What this lets begin is for `carry_on`. `finished` is the session of a step in a window that is done with it."""

    mission: Mission
    finished: Session | None = None


def continue_mission(context: Context, mission_id: str, by: str) -> AtGate | Went:
    """At a gate nothing; a step in a window is finished; else what may begin is wanted.

    A step that was given to a session which nobody has begun needs no word: it is carried on with. Raises
    AlreadyRunning while an agent is at work, and what its parts raise.
    """
    given = see_how_it_is(context, mission_id)
    mission = require_mission(context.home, mission_id, None)
    if given:
        return Went(mission)
    if is_at_gate(context, mission):
        return AtGate(mission)
    finished = finish_window(context, mission)
    if finished is not None:
        return Went(require_mission(context.home, mission_id, None), finished)
    return Went(go_on(context, mission_id, by))
