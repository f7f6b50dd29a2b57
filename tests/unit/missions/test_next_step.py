"""What a person is told to do next, for every way in which a mission can stand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, get_args

import pytest

from scopecraft.missions.moves import StepEnd, approved, begun, completed, ended, gone_on, rejected
from scopecraft.missions.next_step import Known, NextStep, finished_count, next_step, step_marks
from scopecraft.missions.planner import told, with_steps
from scopecraft.model.mission import Approval, Mission, MissionStatus, StepPhase
from scopecraft.model.mission_words import (
    NEEDS_PERSON,
    PHASE_MARKS,
    STAGE_MARKS,
    STAGE_WORDS,
    STAGES,
    STATUS_WORDS,
    STEP_MARKS,
    STEP_WORDS,
    Stage,
    StepMark,
    money_text,
)
from scopecraft.model.session import Queued, Session, Starting
from scopecraft.model.workflow import DIRECT, Step, Workflow
from tests.support.sessions import AT, a_session, running, waiting

WORKFLOW = Workflow(
    "w",
    "Write and build",
    (
        Step("research", "Research", "agent", workspace="document", outputs=("research.md",)),
        Step("review", "Review research", "human-gate", review="research.md"),
        Step("build", "Build", "agent"),
        Step("look", "Review build", "code-review"),
    ),
)
TWO_GATES = Workflow(
    "two",
    "Two gates",
    (
        Step("write", "Write", "agent", workspace="document", outputs=("a.md", "b.md")),
        Step("first", "Read a", "human-gate", review="a.md"),
        Step("second", "Read b", "human-gate", review="b.md", needs=("write",)),
    ),
)
OK = Approval("ann", AT)


def a_mission(**changes: Any) -> Mission:
    mission = Mission(
        id="m-0123456789abcdef",
        title="Fix the login",
        slug="fix-login",
        type="feature",
        workflow_id="w",
        current_step=0,
        status="draft",
        project="shop",
        branch="feature/fix-login",
        base="ab" * 20,
        worktree="/w",
        created_at=AT,
        updated_at=AT,
    )
    return replace(mission, **changes)


def at_step(*finished: str) -> Mission:
    """A mission that was moved so far."""
    mission = with_steps(a_mission(status="ready"), WORKFLOW)
    states = [replace(state, phase="done") if state.step_id in finished else state for state in mission.steps]
    return told(replace(mission, steps=tuple(states)), WORKFLOW, AT)


def live(step_id: str, **changes: Any) -> Known:
    return Known((session(step_id, **changes),))


def session(step_id: str, **changes: Any) -> Session:
    return a_session(step_id=step_id, **{"status": running(), **changes})


def after(mission: Mission, known: Known | None = None) -> NextStep:
    return next_step(mission, WORKFLOW, known or Known())


def test_a_draft_is_begun_with_continue() -> None:
    found = after(with_steps(a_mission(), WORKFLOW))
    assert (found.stage, found.words, found.sentence) == ("ready", "not begun", "Research can begin")
    assert found.commands == ("sc mission continue fix-login",)
    assert found.needs_person


def test_a_draft_without_the_words_that_its_first_step_reads_is_written_first() -> None:
    reading = Workflow("r", "Tidy", (Step("tidy", "Tidy", "llm", inputs=("raw-input.md",), outputs=("a.md",)),))
    found = next_step(with_steps(a_mission(), reading), reading, Known())
    assert (found.words, found.sentence) == ("not begun", "it does not say yet what is to be done")
    assert found.commands == ("sc mission edit fix-login raw-input.md",)


def test_what_is_complete_and_was_never_begun_is_not_merged() -> None:
    found = after(completed(at_step(), WORKFLOW, AT))
    assert (found.sentence, found.commands) == (
        "it is complete; none of its steps was begun",
        ("sc mission reopen fix-login",),
    )


def test_what_only_models_worked_on_has_no_branch_to_merge() -> None:
    asked = Workflow("a", "Ask", (Step("ask", "Ask", "llm", inputs=("raw-input.md",), outputs=("a.md",)),))
    at_work = begun(with_steps(a_mission(status="ready"), asked), asked, "ask", "r-1", AT)
    found = next_step(ended(at_work, asked, "r-1", StepEnd("done"), AT), asked, Known())
    assert found.commands == ("sc mission ls fix-login", "sc mission reopen fix-login")


def test_a_step_that_is_wanted_begins_by_itself_where_a_supervisor_is_up() -> None:
    wanted = gone_on(at_step(), WORKFLOW, AT)
    assert after(wanted).sentence == "Research is about to begin"
    alone = after(wanted, Known(is_supervised=False))
    assert (alone.stage, alone.commands[0]) == ("starting", "sc up")


def test_a_step_at_work_says_what_comes_then() -> None:
    at_work = begun(at_step(), WORKFLOW, "research", "r-1", AT)
    found = after(at_work, live("research"))
    assert found.sentence == "Research is at work; then Review research, which waits for you"
    assert (found.stage, found.commands) == ("working", ("sc mission watch fix-login",))


def test_a_step_in_a_window_is_attended_there() -> None:
    at_work = begun(at_step(), WORKFLOW, "research", "r-1", AT)
    assert after(at_work, live("research", executor="tmux")).commands[0] == "sc attach fix-login"
    idle = after(at_work, live("research", id="r-1", executor="tmux", status=waiting("idle")))
    assert (idle.stage, idle.commands) == ("idle", ("sc attach fix-login", "sc mission continue fix-login"))
    inside = after(at_work, live("research", id="r-1", executor="docker", status=waiting("idle")))
    assert "send it a message" in inside.sentence and inside.commands[0] == "sc send fix-login 'TEXT'"
    dispatched = after(at_step(), live("research", executor="tmux", status=waiting("idle")))
    assert dispatched.commands == ("sc attach fix-login", "sc stop fix-login")


def test_a_step_in_line_tells_its_place() -> None:
    at_work = begun(at_step(), WORKFLOW, "research", "r-1", AT)
    waits = session("research", status=Queued(AT))
    found = after(at_work, Known((waits,), {waits.id: 3}))
    assert (found.stage, found.words) == ("queued", "place 3 in the queue")
    assert found.sentence == "Research waits in the queue, at place 3"
    assert after(at_work, Known((waits,), is_supervised=False)).commands[0] == "sc up"


def test_a_step_whose_container_is_being_made_starts() -> None:
    at_work = begun(at_step(), WORKFLOW, "research", "r-1", AT)
    assert after(at_work, live("research", status=Starting(AT))).stage == "starting"


@pytest.mark.parametrize(
    ("executor", "reason", "command"),
    [
        ("container", "permission", "sc answer fix-login"),
        ("container", "question", "sc answer fix-login"),
        ("container", "limit", "sc send fix-login 'go on'"),
        ("tmux", "permission", "sc attach fix-login"),
        ("tmux", "login", "sc attach fix-login"),
    ],
)
def test_an_agent_that_waits_goes_before_everything(executor: str, reason: Any, command: str) -> None:
    at_work = begun(at_step(), WORKFLOW, "research", "r-1", AT)
    found = after(at_work, live("research", executor=executor, status=waiting(reason)))
    assert (found.stage, found.commands) == ("asks", (command,))


def test_of_several_agents_the_one_that_asks_is_named_by_its_id() -> None:
    asks = session("research", status=waiting())
    found = after(at_step(), Known((session("build"), asks)))
    assert found.commands == (f"sc answer {asks.id}",)


def test_a_gate_names_what_is_to_be_read() -> None:
    found = after(at_step("research"))
    assert found.sentence == "Review research waits for you: read research.md"
    assert found.commands == ("sc mission approve fix-login", "sc mission reject fix-login -m 'why'")
    review = after(at_step("research", "review", "build"))
    assert (review.words, review.sentence) == (
        "waits for your code review",
        "Review build waits for you: look at the diff",
    )


def test_a_gate_that_waits_again_says_why() -> None:
    assert after(at_step("research"), Known(changed=frozenset({"review"}))).sentence == (
        "Review research waits for you again: research.md has changed since it was approved"
    )
    built = at_step("research", "review", "build")
    assert "the branch has changed" in after(built, Known(changed=frozenset({"look"}))).sentence


def test_a_gate_whose_work_somebody_goes_on_with_does_not_wait() -> None:
    ran = a_mission(workflow_id="oneshot", current_step=1, status="waiting_code_review")
    assert next_step(ran, DIRECT).stage == "gate"
    assert next_step(ran, DIRECT, live("implementation")).stage == "working"


def test_of_several_gates_one_is_named() -> None:
    mission = with_steps(a_mission(current_step=1, status="waiting_human"), TWO_GATES)
    found = next_step(mission, TWO_GATES)
    assert found.sentence == "Read a waits for you: read a.md; so do: Read b"
    assert found.commands[0] == "sc mission approve fix-login first"


def test_a_failure_is_told_with_its_reason_until_it_is_tried_again() -> None:
    at_work = begun(at_step(), WORKFLOW, "research", "r-1", AT)
    failed = ended(at_work, WORKFLOW, "r-1", StepEnd("failed", "research.md is empty"), AT)
    found = after(failed)
    assert (found.stage, found.sentence) == ("failed", "Research failed: research.md is empty")
    assert found.commands == ("sc mission retry fix-login", "sc logs r-1")
    named = ended(at_work, WORKFLOW, "r-1", StepEnd("failed", "Research ended, and research.md is empty"), AT)
    assert after(named).sentence == "Research ended, and research.md is empty"
    assert after(gone_on(failed, WORKFLOW, AT)).stage == "starting"


def test_what_was_rejected_begins_again() -> None:
    again = rejected(at_step("research"), WORKFLOW, "review", "too short", AT)
    assert after(again).sentence == "Research is about to begin"


def test_a_complete_mission_is_merged_next() -> None:
    done = completed(at_step("research"), WORKFLOW, AT)
    found = after(done)
    assert (found.stage, found.step_name, found.needs_person) == ("complete", "Complete", False)
    assert found.commands == ("sc merge fix-login", "sc pr fix-login")
    assert after(done, Known(is_merged=True)).sentence == "it is complete, and merged"


def test_an_approval_makes_the_next_step_due() -> None:
    assert after(approved(at_step("research"), WORKFLOW, "review", OK, AT)).sentence == "Build is about to begin"


def test_marks_follow_the_steps() -> None:
    def marks(mission: Mission, *sessions: Session) -> list[StepMark]:
        return [mark for _, mark in step_marks(mission, WORKFLOW, sessions)]

    assert marks(a_mission()) == ["ready", "pending", "pending", "pending"]
    assert marks(at_step("research")) == ["done", "waits", "pending", "pending"]
    assert marks(at_step(), session("research")) == ["running", "pending", "pending", "pending"]
    assert marks(at_step(), session("research", status=Queued(AT)))[0] == "queued"
    assert marks(completed(at_step("research"), WORKFLOW, AT)) == ["done", "skipped", "skipped", "skipped"]
    assert finished_count(at_step("research"), WORKFLOW) == 1


def test_there_is_a_word_and_a_mark_for_everything() -> None:
    assert set(STAGES) == set(get_args(Stage)) == set(STAGE_WORDS) == set(STAGE_MARKS)
    assert set(STEP_MARKS) == set(STEP_WORDS) == set(get_args(StepMark))
    assert set(STATUS_WORDS) == set(get_args(MissionStatus))
    assert set(PHASE_MARKS) == set(get_args(StepPhase))
    # what needs a person stands before all that does not
    assert {*STAGES[: len(NEEDS_PERSON)]} == NEEDS_PERSON


@pytest.mark.parametrize(
    ("dollars", "shown"), [(None, ""), (0.0, "$0.00"), (0.0021, "$0.002"), (0.384, "$0.38"), (12.0, "$12.00")]
)
def test_money_is_told_in_cents_and_little_of_it_exactly(dollars: float | None, shown: str) -> None:
    assert money_text(dollars) == shown
