"""How a mission moves when a session of it begins or ends. Pure.

One that has states for its steps moves by `missions.moves`; one that `sc run` made, and that nobody has moved by hand
yet, has the work and its review only.
"""

from __future__ import annotations

from dataclasses import replace

from scopecraft.missions.folder import with_error
from scopecraft.missions.moves import begun
from scopecraft.model.mission import Mission
from scopecraft.model.session import Completed, Killed, Mode, Outcome, Session
from scopecraft.model.session_words import outcome_sentence
from scopecraft.model.workflow import WORK_STEP as WORK_STEP  # part of what this module gives
from scopecraft.model.workflow import Workflow

VISIT_STEP = "visit"  # of a person in a mission's container: no step of any workflow
ASIDE_STEP = "aside"  # work that a person asks for beside the workflow: it moves no step
FINISHED = "sc mission continue"  # who ended a window in which a step was done
TAKEN_OVER = "sc takeover"  # who ended a session whose conversation goes on elsewhere


def when_started(mission: Mission, at: str) -> Mission:
    """A step that was finished stays so: what is added to it is looked at in the same review."""
    return replace(mission, status="running_code_agent", updated_at=at)


def when_step_started(mission: Mission, workflow: Workflow, session: Session, at: str) -> Mission:
    """The same for a mission that has states for its steps; work beside the workflow moves none of them."""
    if mission.state(session.step_id) is None:
        return mission
    return begun(mission, workflow, session.step_id, session.id, at)


def is_put_down(outcome: Outcome, mode: Mode) -> bool:
    """Whether a person closed the agent that they worked with, or took its conversation over: no failure."""
    return isinstance(outcome, Killed) and (mode == "dispatch" or outcome.by.startswith(TAKEN_OVER))


def when_ended(mission: Mission, outcome: Outcome, at: str, mode: Mode) -> Mission:
    """Success leads to the review, anything else to `failed` with the reason kept.

    A person who closes an agent that they worked with, or takes its conversation over, has not failed: the mission is
    as it was before.
    """
    if isinstance(outcome, Completed):
        return replace(mission, status="waiting_code_review", current_step=max(1, mission.current_step), updated_at=at)
    if is_put_down(outcome, mode):
        return replace(mission, status="waiting_code_review" if mission.current_step else "ready", updated_at=at)
    return with_error(mission, outcome_sentence(outcome), at)
