"""Whether a person has reviewed what is on a mission's branch now. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from scopecraft.errors import Refused
from scopecraft.model.mission import Mission
from scopecraft.model.workflow import DIRECT, Workflow

# unasked: the work of one `sc run`, whose review nobody has been asked for
ReviewWord = Literal["approved", "unasked", "open", "stale"]


@dataclass(frozen=True, slots=True)
class Review:
    """`gate` is the name of the code review that it hangs on, `commit` what was approved there."""

    word: ReviewWord
    gate: str = ""
    commit: str | None = None


def review_of(mission: Mission, workflow: Workflow, tip: str) -> Review:
    """Of the last code review in the workflow; one that was skipped was not done."""
    gates = [step for step in workflow.steps if step.type == "code-review"]
    if not gates:
        return Review("unasked")
    gate = gates[-1]
    state = mission.state(gate.id)
    approval = state.approval if state is not None and state.phase == "done" else None
    if approval is None:
        return Review("unasked" if workflow == DIRECT else "open", gate.name)
    return Review("approved" if approval.commit == tip else "stale", gate.name, approval.commit)


def refuse_unreviewed(mission: Mission, review: Review, tip: str) -> None:
    """Raises Refused for what a workflow wants reviewed and nobody has, as it is."""
    hint = f"review it: sc mission approve {mission.slug}   or take it as it is: sc merge {mission.slug} --unreviewed"
    if review.word == "open":
        raise Refused(f"{mission.slug} is not reviewed: {review.gate} has not been passed", hint)
    if review.word == "stale":
        at = (review.commit or "no commit")[:12]
        raise Refused(f"{mission.slug} was reviewed at {at}, and its branch is at {tip[:12]} now", hint)
