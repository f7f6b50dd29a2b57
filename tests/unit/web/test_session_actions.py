"""What a session's page offers fits how the session is."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest

from scopecraft.missions.advance import VISIT_STEP
from scopecraft.model.session import Failed, Queued, Session
from scopecraft.sessions.look import View
from scopecraft.web.session_pages import Actions
from tests.support.sessions import AT, a_session, ended, running, waiting

WINDOW: dict[str, Any] = {"executor": "tmux", "mode": "dispatch", "conversation_id": "c"}


def offered(session: Session) -> set[str]:
    return {name.removeprefix("can_") for name, can in asdict(Actions.of(View(session, "x"))).items() if can}


@pytest.mark.parametrize(
    ("session", "actions"),
    [
        (a_session(status=Queued(AT)), {"stop"}),
        (a_session(status=running(), conversation_id="c"), {"stop", "take_over"}),
        (a_session(status=running()), {"stop"}),
        (a_session(status=waiting(), **WINDOW), {"stop", "interrupt", "hand_back"}),
        (a_session(status=ended(), conversation_id="c"), {"retry", "resume", "take_over"}),
        (a_session(status=ended(Failed("no")), **WINDOW), {"retry", "resume"}),
        (a_session(status=ended()), {"retry"}),
        (a_session(status=ended(), step_id=VISIT_STEP, conversation_id="c"), set()),
    ],
    ids=["queued", "alone", "alone without a conversation", "window", "ended", "closed window", "plain", "visit"],
)
def test_only_what_can_be_done_is_offered(session: Session, actions: set[str]) -> None:
    assert offered(session) == actions
