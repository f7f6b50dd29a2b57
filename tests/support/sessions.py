"""Sessions for tests: whole values, of which a test names only what it is about."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from scopecraft.model.handle import ContainerHandle, WindowHandle
from scopecraft.model.ids import new_mission_id, new_session_id
from scopecraft.model.session import Completed, Ended, Outcome, Running, Session, Starting, Waiting, WaitingReason

AT = "2026-03-01T10:00:00.000Z"
LATER = "2026-03-01T10:05:00.000Z"
CONTAINER = ContainerHandle("unix:///run/docker.sock", "sc-r-1", "ab" * 32)
WINDOW = WindowHandle("/run/sc/tmux", "$1", "@2", "%3", 4711, 99)


def a_mission_id() -> str:
    return new_mission_id(datetime.now(UTC))


def a_session(**changes: Any) -> Session:
    """A session that starts now, of a mission of its own unless told otherwise."""
    session = Session(
        id=new_session_id(datetime.now(UTC)),
        mission_id=a_mission_id(),
        task="fix-login",
        project="shop",
        step_id="implement",
        attempt=1,
        agent="claude",
        dialect="claude",
        executor="container",
        mode="autonomous",
        branch="feature/fix-login",
        worktree="/home/ann/worktrees/shop/fix-login",
        created_at=AT,
        status=Starting(AT),
    )
    return replace(session, **changes)


def running() -> Running:
    return Running(AT, CONTAINER)


def waiting(reason: WaitingReason = "permission") -> Waiting:
    return Waiting(AT, WINDOW, LATER, reason)


def ended(outcome: Outcome | None = None) -> Ended:
    return Ended(AT, LATER, outcome or Completed())
