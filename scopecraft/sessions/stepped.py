"""A mission that a person moves by hand for the first time: `sc run` gave it no states for its steps."""

from __future__ import annotations

from dataclasses import replace

from scopecraft.missions.planner import with_steps
from scopecraft.model.mission import Mission
from scopecraft.model.session import is_live
from scopecraft.model.workflow import Workflow
from scopecraft.sessions.context import Context


def stepped(context: Context, mission: Mission, workflow: Workflow) -> Mission:
    """With them; the session that is at work now carries out its step, so that its end moves the mission on."""
    if mission.steps:
        return mission
    found = with_steps(mission, workflow)
    session = context.store.latest_of(mission.id)
    state = found.state(session.step_id) if session is not None and is_live(session.status) else None
    if session is None or state is None or state.phase in ("done", "skipped"):
        return found
    at_work = replace(state, phase="running", run_id=session.id)
    return replace(found, steps=tuple(at_work if each is state else each for each in found.steps))
