"""What of a mission may begin, what waits for a person, and what its status is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scopecraft.missions.planner import (
    current_step,
    dependents,
    due,
    maker_of,
    open_gates,
    running_steps,
    share_nothing,
    startable,
    told,
    with_steps,
)
from scopecraft.model.mission import StepPhase, StepState
from scopecraft.model.workflow import DIRECT, Step, Workflow
from tests.support.planned import AT, BRANCHED, LINE, LOOPED, a_mission, ids, phases, with_phases


def test_each_step_begins_when_the_one_before_it_is_finished() -> None:
    mission = a_mission(LINE)
    assert ids(startable(mission, LINE)) == ["tidy"]
    assert ids(startable(with_phases(mission, tidy="done"), LINE)) == []  # a gate is next
    assert ids(startable(with_phases(mission, tidy="done", look="done"), LINE)) == ["build"]
    assert ids(startable(with_phases(mission, tidy="skipped", look="skipped"), LINE)) == ["build"]


def test_a_gate_opens_when_what_it_is_about_is_done() -> None:
    mission = a_mission(LINE)
    assert open_gates(mission, LINE) == []
    assert ids(open_gates(with_phases(mission, tidy="done"), LINE)) == ["look"]
    assert open_gates(with_phases(mission, tidy="failed"), LINE) == []


def test_steps_that_share_nothing_may_begin_together() -> None:
    mission = with_phases(a_mission(BRANCHED), plan="done")
    assert ids(startable(mission, BRANCHED)) == ["docs", "facts"]  # and the build changes what these read
    mission = with_phases(mission, docs="running")
    assert ids(startable(mission, BRANCHED)) == ["facts"]
    assert ids(startable(with_phases(mission, docs="done", facts="done"), BRANCHED)) == ["build"]
    assert startable(with_phases(a_mission(BRANCHED), plan="done", build="running"), BRANCHED) == []


@pytest.mark.parametrize(
    ("one", "other", "may_be_together"),
    [
        (Step("a", "A", "agent"), Step("b", "B", "llm"), False),
        (Step("a", "A", "llm", outputs=("x",)), Step("b", "B", "llm", outputs=("y",)), True),
        (Step("a", "A", "llm", outputs=("x",)), Step("b", "B", "llm", outputs=("x",)), False),
        (Step("a", "A", "llm", outputs=("x",)), Step("b", "B", "llm", inputs=("x",)), False),
        (Step("a", "A", "llm", inputs=("y",)), Step("b", "B", "llm", outputs=("y",)), False),
        (Step("a", "A", "llm", inputs=("x",)), Step("b", "B", "agent", workspace="document", inputs=("x",)), True),
    ],
)
def test_no_step_works_while_another_changes_what_it_works_with(one: Step, other: Step, may_be_together: bool) -> None:
    assert share_nothing(one, other) is share_nothing(other, one) is may_be_together


def test_only_what_is_wanted_or_starts_by_itself_is_due() -> None:
    mission = a_mission(LINE)
    assert due(mission, LINE) == []
    wanted = replace(mission, steps=(replace(mission.steps[0], is_wanted=True), *mission.steps[1:]))
    assert ids(due(wanted, LINE)) == ["tidy"]
    by_itself = replace(LINE, steps=(replace(LINE.steps[0], autostart=True), *LINE.steps[1:]))
    assert ids(due(mission, by_itself)) == ["tidy"]
    assert due(with_phases(mission, tidy="failed"), by_itself) == []  # a person says that it is tried again


def test_all_that_needs_a_step_is_known() -> None:
    assert dependents(LINE, "look") == {"look", "build", "review"}
    assert dependents(BRANCHED, "facts") == {"facts", "review"}


def test_a_gate_is_about_the_last_step_that_wrote_its_artifact() -> None:
    steps = (
        Step("draft", "Draft", "llm", outputs=("plan.md",)),
        Step("other", "Other", "llm", outputs=("other.md",)),
        Step("read", "Read", "human-gate", review="plan.md"),
        Step("code", "Code", "code-review"),
    )
    workflow = Workflow("w", "W", steps)
    read, code = maker_of(workflow, steps[2]), maker_of(workflow, steps[3])
    assert read is not None and read.id == "draft"
    assert code is not None and code.id == "other"
    assert maker_of(Workflow("w", "W", steps[2:]), steps[2]) is None
    of_loop = maker_of(LOOPED, LOOPED.steps[2])
    assert of_loop is not None and of_loop.id == "build"  # who only reads the code has not made it


@pytest.mark.parametrize(
    ("changes", "status", "current"),
    [
        ({}, "ready", 0),
        ({"tidy": "running"}, "running_root_llm", 0),
        ({"tidy": "failed"}, "failed", 0),
        ({"tidy": "done"}, "waiting_human", 1),
        ({"tidy": "done", "look": "done"}, "ready", 2),
        ({"tidy": "done", "look": "done", "build": "running"}, "running_code_agent", 2),
        ({"tidy": "done", "look": "done", "build": "done"}, "waiting_code_review", 3),
        ({"tidy": "done", "look": "done", "build": "done", "review": "done"}, "completed", 4),
        ({"tidy": "done", "look": "skipped", "build": "skipped", "review": "skipped"}, "completed", 4),
        ({"tidy": "done", "build": "done", "review": "done"}, "waiting_human", 1),
    ],
)
def test_the_status_is_what_the_steps_say(changes: dict[str, StepPhase], status: str, current: int) -> None:
    after = told(with_phases(a_mission(LINE), **changes), LINE, AT)
    assert (after.status, after.current_step) == (status, current)


def test_a_draft_stays_one_until_something_happens() -> None:
    draft = replace(a_mission(LINE), status="draft")
    assert told(draft, LINE, AT).status == "draft"
    assert told(with_phases(draft, tidy="done"), LINE, AT).status == "waiting_human"


def test_a_gate_waits_for_nobody_while_something_is_to_begin() -> None:
    mission = with_phases(a_mission(BRANCHED), plan="done", docs="done", facts="done", build="done")
    assert told(mission, BRANCHED, AT).status == "waiting_code_review"
    steps = tuple(replace(s, phase="pending", is_wanted=True) if s.step_id == "docs" else s for s in mission.steps)
    assert told(replace(mission, steps=steps), BRANCHED, AT).status == "ready"


def test_the_step_that_it_stands_at_is_the_first_unfinished_one() -> None:
    at_look = told(with_phases(a_mission(LINE), tidy="done", build="done"), LINE, AT)
    step = current_step(at_look, LINE)
    assert step is not None and step.id == "look"
    assert current_step(replace(at_look, current_step=4), LINE) is None
    assert ids(running_steps(with_phases(at_look, build="running"), LINE)) == ["build"]


@pytest.mark.parametrize(
    ("current", "status", "expected"),
    [
        (0, "ready", ["pending", "pending"]),
        (0, "failed", ["failed", "pending"]),
        (1, "waiting_code_review", ["done", "pending"]),
        (2, "completed", ["done", "done"]),
    ],
)
def test_a_mission_without_steps_gets_those_that_fit(current: int, status: str, expected: list[str]) -> None:
    old = replace(a_mission(DIRECT), steps=(), current_step=current, status=status)  # type: ignore[arg-type]
    assert phases(with_steps(old, DIRECT)) == dict(zip(("implementation", "review-impl"), expected, strict=True))
    whole = replace(old, steps=(StepState("implementation"),))
    assert with_steps(whole, DIRECT) is whole
