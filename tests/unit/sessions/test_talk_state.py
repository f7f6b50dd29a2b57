"""Whether an agent in a container waits for a person."""

from __future__ import annotations

import pytest

from scopecraft.model.activity import Activity, Asked, Claim
from scopecraft.model.session import WaitingReason
from scopecraft.sessions.talk_state import TalkState, talk_state

DONE = Claim(False, "end_turn")
QUESTION = Asked("q-1", "AskUserQuestion", "Which colour?")
PERMISSION = Asked("q-2", "Bash", "may it?")


@pytest.mark.parametrize(
    ("activity", "held", "state"),
    [
        (Activity(), None, ("running", None)),
        (Activity(claim=DONE), None, ("running", None)),  # it is about to end
        (Activity(), "idle", ("running", None)),
        (Activity(claim=DONE), "idle", ("waiting", "idle")),
        (Activity(claim=DONE), "limit", ("waiting", "limit")),
        (Activity(question=QUESTION), None, ("waiting", "question")),
        (Activity(question=PERMISSION), "limit", ("waiting", "permission")),
    ],
)
def test_it_waits_with_a_question_or_when_it_is_held_after_its_turn(
    activity: Activity, held: WaitingReason | None, state: TalkState
) -> None:
    assert talk_state(activity, held) == state
