"""How an agent in a container that can be spoken to stands, by its stream. Pure."""

from __future__ import annotations

from typing import Literal

from scopecraft.model.activity import Activity
from scopecraft.model.session import WaitingReason

QUESTION_TOOLS = frozenset({"AskUserQuestion"})  # what any other asks is a permission

TalkState = tuple[Literal["running", "waiting"], WaitingReason | None]


def talk_state(activity: Activity, held: WaitingReason | None) -> TalkState:
    """`held` is why it does not end with its turn, by `inbox.hold_of`; without that a finished turn is its end."""
    if activity.question is not None:
        return "waiting", "question" if activity.question.tool in QUESTION_TOOLS else "permission"
    if held is not None and activity.claim is not None:
        return "waiting", held
    return "running", None
