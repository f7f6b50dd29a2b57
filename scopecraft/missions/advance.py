"""How a mission moves when a session of it begins or ends. Pure."""

from __future__ import annotations

from dataclasses import replace

from scopecraft.missions.folder import with_error
from scopecraft.model.mission import Mission
from scopecraft.model.session import Completed, Outcome
from scopecraft.model.session_words import outcome_sentence

# `oneshot`: the work, then a person's review of it
WORK_STEP = "implementation"
ONESHOT = ("oneshot", (WORK_STEP, "review-impl"))


def when_started(mission: Mission, at: str) -> Mission:
    return replace(mission, status="running_code_agent", current_step=0, updated_at=at)


def when_ended(mission: Mission, outcome: Outcome, at: str) -> Mission:
    """Success leads to the review, anything else to `failed` with the reason kept."""
    if isinstance(outcome, Completed):
        return replace(mission, status="waiting_code_review", current_step=1, updated_at=at)
    return with_error(mission, outcome_sentence(outcome), at)
