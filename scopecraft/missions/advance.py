"""How a mission moves when a session of it begins or ends. Pure."""

from __future__ import annotations

from dataclasses import replace

from scopecraft.missions.folder import with_error
from scopecraft.model.mission import Mission
from scopecraft.model.session import Completed, Killed, Mode, Outcome
from scopecraft.model.session_words import outcome_sentence

# `oneshot`: the work, then a person's review of it
WORK_STEP = "implementation"
VISIT_STEP = "visit"  # of a person in a mission's container: no step of any workflow
ONESHOT = ("oneshot", (WORK_STEP, "review-impl"))
TAKEN_OVER = "sc takeover"  # who ended a session whose conversation goes on elsewhere


def when_started(mission: Mission, at: str) -> Mission:
    """A step that was finished stays so: what is added to it is looked at in the same review."""
    return replace(mission, status="running_code_agent", updated_at=at)


def when_ended(mission: Mission, outcome: Outcome, at: str, mode: Mode) -> Mission:
    """Success leads to the review, anything else to `failed` with the reason kept.

    A person who closes an agent that they worked with, or takes its conversation over, has not failed: the mission is
    as it was before.
    """
    if isinstance(outcome, Completed):
        return replace(mission, status="waiting_code_review", current_step=max(1, mission.current_step), updated_at=at)
    if isinstance(outcome, Killed) and (mode == "dispatch" or outcome.by.startswith(TAKEN_OVER)):
        return replace(mission, status="waiting_code_review" if mission.current_step else "ready", updated_at=at)
    return with_error(mission, outcome_sentence(outcome), at)
