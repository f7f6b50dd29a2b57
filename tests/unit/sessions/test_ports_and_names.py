"""Ports and names that two missions never share."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from scopecraft.model.mission import Mission
from scopecraft.sessions.mission_environment import compose_name, mission_environment
from scopecraft.sessions.ports import END, FIRST, choose_block

MISSION = Mission(
    id="m-01a1fe04360517f4",
    title="Fix login",
    slug="fix-login",
    type="fix",
    workflow_id="oneshot",
    current_step=0,
    status="ready",
    project="shop",
    branch="fix/fix-login",
    base="ab" * 20,
    worktree="/trees/shop/fix-login",
    created_at="2026-03-01T10:00:00.000Z",
    updated_at="2026-03-01T10:00:00.000Z",
    port_base=20_010,
)


def free(_: int) -> bool:
    return True


def test_blocks_follow_each_other_and_fill_gaps() -> None:
    assert choose_block((), 10, free) == FIRST
    assert choose_block({FIRST, FIRST + 10}, 10, free) == FIRST + 20
    assert choose_block({FIRST, FIRST + 20}, 10, free) == FIRST + 10


def test_a_larger_block_overlaps_none_that_is_taken() -> None:
    base = choose_block({FIRST + 30}, 25, free)
    assert base is not None
    assert base + 25 <= FIRST + 30 or base >= FIRST + 55


def test_a_block_whose_first_port_is_in_use_is_left_out() -> None:
    assert choose_block((), 10, lambda port: port != FIRST) == FIRST + 10


def test_when_all_are_taken_there_is_none() -> None:
    assert choose_block(set(range(FIRST, END, 10)), 10, free) is None
    last = choose_block(set(range(FIRST, END - 10, 10)), 10, free)
    assert last == END - 10


def test_programs_are_told_what_they_work_on() -> None:
    assert mission_environment(MISSION) == {
        "SC_TASK": "fix-login",
        "SC_MISSION": "m-01a1fe04360517f4",
        "SC_PROJECT": "shop",
        "SC_BRANCH": "fix/fix-login",
        "SC_WORKTREE": "/trees/shop/fix-login",
        "SC_PORT_BASE": "20010",
        "COMPOSE_PROJECT_NAME": "sc-fix-login-360517f4",
    }
    assert "SC_PORT_BASE" not in mission_environment(replace(MISSION, port_base=None))


@pytest.mark.parametrize("slug", ["fix-login", "implement-auth-05A", "日本語", "über_prüfung", "-", "x" * 80, "a__b"])
def test_compose_takes_the_name_of_any_mission(slug: str) -> None:
    assert re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,60}", compose_name(replace(MISSION, slug=slug)))


def test_missions_of_one_name_have_two_projects() -> None:
    other = replace(MISSION, id="m-01a1fe04360517f5")
    assert compose_name(MISSION) != compose_name(other)
