"""What the page of a mission offers to do, and what it adds up."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from scopecraft.missions.listing import Listed
from scopecraft.missions.next_step import Known
from scopecraft.missions.planner import told, with_steps
from scopecraft.model import clock
from scopecraft.model.mission import StepPhase
from scopecraft.model.session import Queued, Session
from scopecraft.sessions.mission_page import MissionPage, Run
from scopecraft.sessions.missions_seen import Seen, view_of
from scopecraft.web.mission_view import can_of, rows_of, used_of
from tests.support.sessions import AT, a_session, ended, running, waiting
from tests.support.standing_missions import WORKFLOW, a_mission

NOW = clock.from_text("2026-03-01T10:20:00.000Z")
TOLD = {"input_tokens": 41_000, "cache_read_tokens": 1000, "output_tokens": 3000, "cost_usd": 0.5}


def a_page(*phases: StepPhase, live: Session | None = None, **changes: Any) -> MissionPage:
    mission = with_steps(a_mission("fix-login"), WORKFLOW)
    marks = [*phases, *("pending",) * (len(mission.steps) - len(phases))]
    steps = tuple(replace(state, phase=phase) for state, phase in zip(mission.steps, marks, strict=True))
    mission = replace(told(replace(mission, steps=steps), WORKFLOW, AT), **changes)
    seen = Seen({mission.id: (live,)} if live else {}, {}, {}, is_supervised=True)
    done = Run(a_session(step_id="research", status=ended()), TOLD)
    return MissionPage(
        view=view_of(Listed(mission, WORKFLOW), seen, 0.5, Known(seen.live.get(mission.id, ()))),
        runs=(done, Run(live, {})) if live else (done,),
        events=(),
        artifacts=(),
        changed=frozenset(),
    )


@pytest.mark.parametrize(
    ("page", "what"),
    [
        (a_page(), {"go_on", "complete", "merge"}),
        (a_page("done"), {"complete", "merge"}),
        (a_page("done", "done", "failed"), {"retry", "complete", "merge"}),
        (a_page("done", "done", "done", "done"), {"reopen", "merge"}),
        (a_page("done", "done", "running", live=a_session(step_id="build", status=running())), {"pause", "complete"}),
        (a_page("done", "done", "running", live=a_session(step_id="build", status=Queued(AT))), {"complete"}),
        (
            a_page("done", "done", "running", live=a_session(step_id="build", status=waiting("idle"), executor="tmux")),
            {"go_on", "complete"},
        ),
    ],
    ids=["new", "at a gate", "failed", "complete", "at work", "in line", "idle in a window"],
)
def test_what_there_is_to_do_is_offered_and_nothing_else(page: MissionPage, what: set[str]) -> None:
    can = can_of(page)
    offered = {
        name for name in ("pause", "go_on", "write", "retry", "complete", "reopen", "merge") if getattr(can, name)
    }
    assert offered == what


def test_who_talked_last_may_be_taken_over() -> None:
    session = a_session(step_id="build", status=running(), conversation_id="c-1")
    assert can_of(a_page("done", "done", "running", live=session)).take_over == session
    assert can_of(a_page("done", "done", "running", live=replace(session, mode="dispatch"))).take_over is None


def test_what_lives_is_added_to_what_has_ended() -> None:
    session = a_session(step_id="build", status=running())
    page = a_page("done", "done", "running", live=session)
    used = used_of(page, {session.id: {"input_tokens": 8000, "output_tokens": 7, "cost_usd": 0.25}})
    assert (used.tokens_in, used.now.output_tokens, used.now.cost_usd) == (50_000, 3007, 0.75)
    assert used_of(page, {}).now == used.ended


def test_a_step_that_is_under_way_is_the_one_that_a_small_screen_shows() -> None:
    session = a_session(step_id="build", status=running())
    rows = rows_of(a_page("done", "done", "running", live=session), NOW)
    assert [(row.kind, row.mark, row.is_here) for row in rows] == [
        ("agent", "done", False),
        ("review", "done", False),
        ("agent", "running", True),
        ("code review", "pending", False),
    ]
    assert [(row.seconds, row.since) for row in rows] == [(300, None), (None, None), (1200, AT), (None, None)]
