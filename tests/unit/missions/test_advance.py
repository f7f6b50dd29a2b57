"""A mission follows its session."""

from __future__ import annotations

from scopecraft.missions.advance import when_ended, when_started
from scopecraft.model.mission import Mission
from scopecraft.model.session import Completed, Failed

MISSION = Mission(
    id="m-0000000000000001",
    title="Fix it",
    slug="fix-it",
    type="feature",
    workflow_id="oneshot",
    current_step=0,
    status="ready",
    project="shop",
    branch="feature/fix-it",
    base="0" * 40,
    worktree="/w",
    created_at="2026-01-01T00:00:00.000Z",
    updated_at="2026-01-01T00:00:00.000Z",
)
LATER = "2026-01-01T00:01:00.000Z"


def test_success_leads_to_the_review() -> None:
    ended = when_ended(when_started(MISSION, LATER), Completed(), LATER)
    assert (ended.status, ended.current_step) == ("waiting_code_review", 1)
    assert not ended.errors


def test_failure_keeps_its_reason() -> None:
    ended = when_ended(when_started(MISSION, LATER), Failed("Agent exited with code 3"), LATER)
    assert (ended.status, ended.current_step) == ("failed", 0)
    assert ended.errors == ("Agent exited with code 3",)


def test_saying_the_same_end_twice_changes_nothing_more() -> None:
    once = when_ended(when_started(MISSION, LATER), Completed(), LATER)
    assert when_ended(once, Completed(), LATER) == once
