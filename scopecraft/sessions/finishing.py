"""A step that a person and an agent did in a window: it is done when the person says so, and the agent has written."""

from __future__ import annotations

from scopecraft.errors import Refused
from scopecraft.missions.advance import FINISHED
from scopecraft.missions.folder import folder_of
from scopecraft.missions.planner import running_steps
from scopecraft.missions.recipe import load_workflow
from scopecraft.model.mission import Mission
from scopecraft.model.session import Session, Waiting, handle_of
from scopecraft.model.workflow import Step
from scopecraft.sessions.context import Context
from scopecraft.sessions.settle import settle
from scopecraft.sessions.step_end import missing_output
from scopecraft.sessions.stop import stop_session


def finish_window(context: Context, mission: Mission) -> Session | None:
    """Ends the window in which a step of the mission was worked at; None where none is.

    Raises Refused while its agent is at work, or has not written what the step is to write.
    """
    for step in running_steps(mission, load_workflow(folder_of(context.home, mission))):
        state = mission.state(step.id)
        session = context.store.get(state.run_id) if state and state.run_id else None
        if session is None or session.mode != "dispatch":
            continue
        session = settle(context, session.id)
        if handle_of(session.status) is None:
            return session  # it has ended by itself
        _refuse_unfinished(context, mission, step, session)
        return stop_session(context, session.id, now=False, by=FINISHED)
    return None


def _refuse_unfinished(context: Context, mission: Mission, step: Step, session: Session) -> None:
    hint = f"go there: sc attach {mission.slug}   or give it up: sc stop {mission.slug}"
    is_idle = isinstance(session.status, Waiting) and session.status.reason == "idle"
    if not is_idle and session.dialect != "plain":  # of a plain command nobody can tell
        what = session.status.reason if isinstance(session.status, Waiting) else "at work"
        raise Refused(f"{step.name} is not done: its agent is {what} in a window", hint)
    missing = missing_output(context, mission, step, session)
    if missing:
        raise Refused(f"{step.name} is not done: {missing}", hint)
