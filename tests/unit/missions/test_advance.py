"""A mission follows its session."""

from __future__ import annotations

from scopecraft.missions.advance import when_ended, when_started
from scopecraft.model.mission import Mission
from scopecraft.model.session import Completed, Failed, Killed

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
    ended = when_ended(when_started(MISSION, LATER), Completed(), LATER, "autonomous")
    assert (ended.status, ended.current_step) == ("waiting_code_review", 1)
    assert not ended.errors


def test_failure_keeps_its_reason() -> None:
    ended = when_ended(when_started(MISSION, LATER), Failed("Agent exited with code 3"), LATER, "autonomous")
    assert (ended.status, ended.current_step) == ("failed", 0)
    assert ended.errors == ("Agent exited with code 3",)


def test_saying_the_same_end_twice_changes_nothing_more() -> None:
    once = when_ended(when_started(MISSION, LATER), Completed(), LATER, "autonomous")
    assert when_ended(once, Completed(), LATER, "autonomous") == once


def test_closing_an_agent_that_one_worked_with_fails_nothing() -> None:
    once = when_ended(when_started(MISSION, LATER), Killed("sc stop"), LATER, "dispatch")
    assert (once.status, once.current_step, once.errors) == ("ready", 0, ())
    reviewed = when_ended(MISSION, Completed(), LATER, "autonomous")
    again = when_ended(when_started(reviewed, LATER), Killed("sc stop"), LATER, "dispatch")
    assert (again.status, again.current_step, again.errors) == ("waiting_code_review", 1, ())


def test_a_finished_step_is_not_begun_anew() -> None:
    reviewed = when_ended(MISSION, Completed(), LATER, "autonomous")
    assert when_started(reviewed, LATER).current_step == 1


def test_an_end_that_is_recorded_again_after_a_crash_adds_nothing() -> None:
    once = when_ended(when_started(MISSION, LATER), Failed("exit 3"), LATER, "autonomous")
    assert when_ended(once, Failed("exit 3"), LATER, "autonomous") == once
    again = when_ended(when_started(once, LATER), Failed("exit 3"), LATER, "autonomous")
    assert again.errors == ("exit 3", "exit 3")
