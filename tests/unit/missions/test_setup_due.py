"""When a worktree is set up before an agent starts."""

from __future__ import annotations

import pytest

from scopecraft.missions.setup_record import SetupRecord, State, is_due

AT = "2026-03-01T10:00:00.000Z"


def test_a_new_mission_is_set_up_and_one_that_has_worked_is_left_alone() -> None:
    assert is_due(None, "1-1", has_worked=False)
    assert not is_due(None, "1-1", has_worked=True)


@pytest.mark.parametrize(("state", "due"), [("done", False), ("skipped", False), ("failed", True), ("running", True)])
def test_what_failed_or_was_cut_off_is_done_again(state: State, due: bool) -> None:
    assert is_due(SetupRecord(state, "1-1", AT), "1-1", has_worked=False) is due
    assert is_due(SetupRecord(state, "1-1", AT), "1-1", has_worked=True) is due


@pytest.mark.parametrize("state", ["done", "skipped"])
def test_a_worktree_that_was_made_anew_is_set_up_again(state: State) -> None:
    assert is_due(SetupRecord(state, "1-1", AT), "2-9", has_worked=True)
