"""What an agent's own word on how it stands does to the status of its session."""

from __future__ import annotations

import pytest

from scopecraft.model.session import Running, Starting, Status, Waiting
from scopecraft.sessions.look import status_after
from tests.support.sessions import AT, LATER, WINDOW, ended, waiting

SINCE = "2026-03-01T11:00:00.000Z"
RUNNING = Running(AT, WINDOW)
IDLE = Waiting(AT, WINDOW, LATER, "idle")


@pytest.mark.parametrize(
    ("status", "kind", "reason", "after"),
    [
        (RUNNING, "waiting", "permission", Waiting(AT, WINDOW, SINCE, "permission")),
        (RUNNING, "waiting", "login", Waiting(AT, WINDOW, SINCE, "login")),
        (RUNNING, "idle", "idle", Waiting(AT, WINDOW, SINCE, "idle")),
        (IDLE, "waiting", "question", Waiting(AT, WINDOW, SINCE, "question")),
        (IDLE, "working", None, RUNNING),
        # a reason that we have no word for still means that it wants nothing done at once
        (RUNNING, "waiting", None, Waiting(AT, WINDOW, SINCE, "idle")),
    ],
)
def test_it_follows_the_agent(status: Status, kind: str, reason: str | None, after: Status) -> None:
    assert status_after(status, kind, reason, SINCE) == after


@pytest.mark.parametrize(
    ("status", "kind", "reason"),
    [
        (waiting("permission"), "waiting", "permission"),
        (IDLE, "idle", "idle"),
        (RUNNING, "working", None),
        (RUNNING, "starting", None),
        # an agent of which nobody can tell stays as it is
        (RUNNING, "unknown", None),
        (IDLE, "unknown", None),
        # and what has not begun, or is over, does not move
        (Starting(AT), "idle", "idle"),
        (ended(), "working", None),
    ],
)
def test_it_stays_as_it_is(status: Status, kind: str, reason: str | None) -> None:
    assert status_after(status, kind, reason, SINCE) is None
