"""The table of `sc missions`, on every width of a terminal."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scopecraft.cli.missions_table import mission_lines, progress_text, step_text
from scopecraft.missions.listing import Listed
from scopecraft.missions.next_step import Known
from scopecraft.missions.planner import told, with_steps
from scopecraft.model import clock
from scopecraft.model.mission import Mission
from scopecraft.model.workflow import Step, Workflow
from scopecraft.sessions.missions_seen import MissionView, Seen, view_of
from tests.support.sessions import AT
from tests.support.standing_missions import WORKFLOW, a_mission

NOW = clock.from_text("2026-03-01T12:00:00.000Z")
NOBODY = Seen({}, {}, {}, is_supervised=True)


def a_view(
    slug: str, *finished: str, cost: float | None = None, workflow: Workflow = WORKFLOW, **changes: str
) -> MissionView:
    mission: Mission = with_steps(replace(a_mission(slug), **changes), workflow)  # type: ignore[arg-type]
    states = tuple(replace(state, phase="done") if state.step_id in finished else state for state in mission.steps)
    return view_of(Listed(told(replace(mission, steps=states), workflow, AT), workflow), NOBODY, cost, Known())


VIEWS = [
    a_view("a-task-whose-name-is-longer-than-most-terminals-are-wide", "research", cost=12.5),
    a_view("fix-login", "research", "review", cost=0.004),
]


@pytest.mark.parametrize("width", [40, 60, 80, 100, 200])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    lines = mission_lines(VIEWS, NOW, width=width, colour=False)
    assert all(len(line) <= width for line in lines)
    # who needs what is told everywhere
    assert lines[1].startswith("?  a-task")
    assert "waits for" in lines[1]
    assert "ready" in lines[2]


def columns(width: int, views: list[MissionView] = VIEWS) -> list[str]:
    return mission_lines(views, NOW, width=width, colour=False)[0].split()


def test_a_narrow_terminal_loses_what_matters_least() -> None:
    assert columns(200) == ["TASK", "STATUS", "STEP", "PROGRESS", "COST", "AGE", "NEXT"]
    assert columns(110) == ["TASK", "STATUS", "STEP", "PROGRESS", "COST", "AGE"]
    assert columns(80) == ["TASK", "STATUS", "STEP", "COST", "AGE"]
    assert columns(40) == ["TASK", "STATUS"]


def test_projects_are_told_where_there_are_several() -> None:
    assert "PROJECT" in columns(200, [*VIEWS, a_view("other", project="attic")])


def test_a_pipe_gets_every_column_and_whole_names() -> None:
    lines = mission_lines(VIEWS, NOW, width=0, colour=False)
    assert lines[0].split() == ["TASK", "PROJECT", "STATUS", "STEP", "PROGRESS", "COST", "AGE", "NEXT"]
    assert "a-task-whose-name-is-longer-than-most-terminals-are-wide" in lines[1]
    for part in ("2/4 Review research", "+?..", "$12.50", "2h00m", "sc mission approve a-task"):
        assert part in lines[1]
    assert "$0.004" in lines[2]


def test_a_workflow_with_many_steps_is_counted() -> None:
    long = Workflow("long", "Long", tuple(Step(f"s{number}", f"Step {number}", "agent") for number in range(20)))
    view = a_view("long", "s0", "s1", workflow=long)
    assert (progress_text(view), step_text(view)) == ("2/20", "3/20 Step 2")


def test_a_complete_mission_stands_after_its_last_step() -> None:
    assert step_text(a_view("done", "research", "review", "build", "look")) == "Complete"
