"""How a mission moves: every move, and every refusal of one that does not fit."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scopecraft.errors import AlreadyRunning, NotFound, Overtaken, Refused
from scopecraft.missions.moves import (
    StepEnd,
    approved,
    back,
    begun,
    completed,
    ended,
    gates_reopened,
    gone_on,
    rejected,
    reopened,
    retried,
)
from scopecraft.missions.planner import due, startable
from scopecraft.model.mission import Approval, Mission, StepState
from scopecraft.model.workflow import Loop, Step, Workflow
from tests.support.planned import AT, BRANCHED, LINE, LOOPED, a_mission, ids, phases, wanted, with_phases

RUN, OTHER = "r-01a1fe0436051aaa", "r-01a1fe0436051bbb"
LATER = "2026-03-01T11:00:00.000Z"
BY_ANN = Approval("ann", LATER, artifact="text.md", sha256="ab" * 32)


def state(mission: Mission, step_id: str) -> StepState:
    found = mission.state(step_id)
    assert found is not None
    return found


def done(mission: Mission, workflow: Workflow, step_id: str, verdict: str | None = None) -> Mission:
    """After a session for the step that went well."""
    mission = begun(mission, workflow, step_id, RUN, AT)
    return ended(mission, workflow, RUN, StepEnd("done", verdict=verdict), LATER)


def at_look() -> Mission:
    return done(a_mission(LINE), LINE, "tidy")


class TestBeginningAndEnding:
    def test_a_session_that_begins_is_the_steps_own(self) -> None:
        mission = begun(gone_on(a_mission(LINE), LINE, AT), LINE, "tidy", RUN, LATER)
        assert (mission.status, state(mission, "tidy").run_id, wanted(mission)) == ("running_root_llm", RUN, [])
        assert mission.updated_at == LATER
        assert begun(mission, LINE, "tidy", RUN, "later still") is mission

    def test_work_at_a_finished_step_leaves_it_finished(self) -> None:
        mission = begun(at_look(), LINE, "tidy", OTHER, LATER)
        assert (state(mission, "tidy").phase, mission.status) == ("done", "waiting_human")

    def test_a_good_end_leads_to_the_gate(self) -> None:
        mission = at_look()
        assert (mission.status, mission.current_step, mission.updated_at) == ("waiting_human", 1, LATER)

    def test_a_failure_keeps_its_reason_and_begins_nothing(self) -> None:
        mission = begun(a_mission(LINE), LINE, "tidy", RUN, AT)
        mission = ended(mission, LINE, RUN, StepEnd("failed", "text.md was not written"), LATER)
        assert (mission.status, mission.errors) == ("failed", ("text.md was not written",))
        assert due(mission, LINE) == []

    def test_what_a_person_puts_down_can_be_taken_up_again(self) -> None:
        mission = begun(a_mission(LINE), LINE, "tidy", RUN, AT)
        mission = ended(mission, LINE, RUN, StepEnd("put down"), LATER)
        assert (mission.status, mission.errors, ids(startable(mission, LINE))) == ("ready", (), ["tidy"])

    def test_what_begins_by_itself_and_is_put_down_waits_for_the_person(self) -> None:
        by_itself = replace(LINE, steps=(replace(LINE.steps[0], autostart=True), *LINE.steps[1:]))
        mission = begun(a_mission(by_itself), by_itself, "tidy", RUN, AT)
        down = ended(mission, by_itself, RUN, StepEnd("put down"), LATER)
        assert (due(down, by_itself), ids(due(gone_on(down, by_itself, LATER), by_itself))) == ([], ["tidy"])
        stood = back(ended(mission, by_itself, RUN, StepEnd("done"), LATER), by_itself, "tidy", LATER)
        assert due(stood, by_itself) == []

    def test_what_begins_by_itself_does_so_each_time_that_the_work_before_it_is_done_again(self) -> None:
        steps = (LOOPED.steps[0], replace(LOOPED.steps[1], autostart=True), LOOPED.steps[2])
        by_itself = replace(LOOPED, steps=steps)
        mission = done(a_mission(by_itself), by_itself, "build")
        assert ids(due(mission, by_itself)) == ["check"]
        for _ in range(2):
            mission = done(mission, by_itself, "check", verdict="changes")
            mission = done(mission, by_itself, "build")
            assert ids(due(mission, by_itself)) == ["check"]
        mission = done(back(mission, by_itself, "build", LATER), by_itself, "build")
        assert ids(due(mission, by_itself)) == ["check"]

    def test_the_end_of_any_other_session_changes_nothing(self) -> None:
        mission = begun(a_mission(LINE), LINE, "tidy", RUN, AT)
        assert ended(mission, LINE, OTHER, StepEnd("failed", "x"), LATER) is mission
        over = ended(mission, LINE, RUN, StepEnd("done"), LATER)
        assert ended(over, LINE, RUN, StepEnd("failed", "x"), LATER) is over

    def test_one_of_several_that_fails_lets_the_others_end(self) -> None:
        mission = with_phases(a_mission(BRANCHED), plan="done")
        mission = begun(begun(mission, BRANCHED, "docs", RUN, AT), BRANCHED, "facts", OTHER, AT)
        mission = ended(mission, BRANCHED, RUN, StepEnd("failed", "no"), LATER)
        assert mission.status == "running_root_llm"
        mission = ended(mission, BRANCHED, OTHER, StepEnd("done"), LATER)
        assert (mission.status, state(mission, "facts").phase) == ("failed", "done")


class TestLoops:
    def test_a_verdict_sends_the_work_back_with_the_reason(self) -> None:
        mission = done(done(a_mission(LOOPED), LOOPED, "build"), LOOPED, "check", verdict="changes")
        assert phases(mission) == {"build": "pending", "check": "pending", "review": "pending"}
        assert wanted(mission) == ["build"]
        assert state(mission, "build").feedback == ("check says changes: see verdict.json",)
        assert ids(due(mission, LOOPED)) == ["build"]

    def test_another_verdict_goes_on(self) -> None:
        mission = done(done(a_mission(LOOPED), LOOPED, "build"), LOOPED, "check", verdict="good")
        assert mission.status == "waiting_code_review"
        assert done(done(a_mission(LOOPED), LOOPED, "build"), LOOPED, "check").status == "waiting_code_review"

    @pytest.mark.parametrize(("at_most", "times"), [(1, "once"), (2, "2 times")])
    def test_it_goes_round_so_often_and_then_waits_for_a_person(self, at_most: int, times: str) -> None:
        check = replace(LOOPED.steps[1], loop=Loop("verdict.json", ("changes",), to="build", at_most=at_most))
        workflow = replace(LOOPED, steps=(LOOPED.steps[0], check, LOOPED.steps[2]))
        mission = a_mission(workflow)
        for _ in range(at_most):
            mission = done(done(mission, workflow, "build"), workflow, "check", verdict="changes")
            assert mission.status == "ready"
        mission = done(done(mission, workflow, "build"), workflow, "check", verdict="changes")
        assert mission.status == "failed"
        assert mission.errors == (f"check says changes, and sent the work back {times} already",)
        assert ids(startable(mission, workflow)) == ["check"]

    def test_a_person_who_sends_it_back_lets_the_verdict_count_anew(self) -> None:
        mission = a_mission(LOOPED)
        for _ in range(3):
            mission = done(done(mission, LOOPED, "build"), LOOPED, "check", verdict="changes")
        assert state(mission, "check").loops == 2
        mission = back(mission, LOOPED, "build", LATER)
        mission = done(done(mission, LOOPED, "build"), LOOPED, "check", verdict="changes")
        assert (mission.status, wanted(mission)) == ("ready", ["build"])

    def test_a_verdict_waits_for_what_is_under_way(self) -> None:
        """What it would send back is at work: it fails, and a person decides."""
        first = Step("build", "Build", "llm", outputs=("result.md",))
        docs = Step("docs", "Docs", "llm", inputs=("result.md",), outputs=("docs.md",), needs=("build",))
        check = Step(
            "check",
            "Check",
            "llm",
            inputs=("result.md",),
            outputs=("verdict.md",),
            needs=("build",),
            loop=Loop("verdict.md", ("changes",), to="build"),
        )
        workflow = Workflow("w", "W", (first, docs, check))
        mission = done(a_mission(workflow), workflow, "build")
        mission = begun(begun(mission, workflow, "docs", OTHER, AT), workflow, "check", RUN, AT)
        mission = ended(mission, workflow, RUN, StepEnd("done", verdict="changes"), LATER)
        assert phases(mission) == {"build": "done", "docs": "running", "check": "failed"}
        assert "Docs" in mission.errors[-1]


class TestGoingOn:
    def test_all_that_may_begin_is_wanted(self) -> None:
        mission = gone_on(with_phases(a_mission(BRANCHED), plan="done"), BRANCHED, LATER)
        assert wanted(mission) == ["docs", "facts"]

    def test_what_failed_is_tried_again(self) -> None:
        mission = gone_on(with_phases(a_mission(LINE), tidy="failed"), LINE, LATER)
        assert ids(due(mission, LINE)) == ["tidy"]

    def test_it_says_why_nothing_may_begin(self) -> None:
        with pytest.raises(AlreadyRunning, match="is at work: Tidy up"):
            gone_on(begun(a_mission(LINE), LINE, "tidy", RUN, AT), LINE, AT)
        with pytest.raises(Refused, match="waits for a person: Look"):
            gone_on(at_look(), LINE, AT)
        with pytest.raises(Refused, match="is complete"):
            gone_on(completed(a_mission(LINE), LINE, AT), LINE, AT)


class TestApproving:
    def test_the_gate_is_passed_and_what_it_held_up_is_wanted(self) -> None:
        mission = approved(at_look(), LINE, "look", BY_ANN, LATER)
        assert (state(mission, "look").phase, state(mission, "look").approval) == ("done", BY_ANN)
        assert (mission.status, ids(due(mission, LINE))) == ("ready", ["build"])

    def test_the_last_gate_completes_it(self) -> None:
        mission = with_phases(a_mission(LINE), tidy="done", look="done", build="done")
        mission = approved(mission, LINE, "review", replace(BY_ANN, commit="c" * 40), LATER)
        assert (mission.status, mission.current_step) == ("completed", 4)

    @pytest.mark.parametrize("gate", ["look", "review", "tidy", "nothing"])
    def test_one_that_does_not_wait_is_not_approved(self, gate: str) -> None:
        with pytest.raises(Overtaken, match="does not wait any more"):
            approved(a_mission(LINE), LINE, gate, BY_ANN, AT)

    def test_of_two_only_one_approves(self) -> None:
        mission = approved(at_look(), LINE, "look", BY_ANN, LATER)
        with pytest.raises(Overtaken):
            approved(mission, LINE, "look", replace(BY_ANN, by="bob"), LATER)
        with pytest.raises(Overtaken):
            rejected(mission, LINE, "look", "no", LATER)

    def test_a_step_that_needs_another_gate_too_waits_for_it(self) -> None:
        steps = (
            Step("a", "A", "human-gate"),
            Step("b", "B", "human-gate", needs=()),
            Step("c", "C", "agent", needs=("a", "b")),
        )
        workflow = Workflow("w", "W", steps)
        mission = approved(a_mission(workflow), workflow, "b", BY_ANN, LATER)
        assert (wanted(mission), mission.status) == ([], "waiting_human")
        assert wanted(approved(mission, workflow, "a", BY_ANN, LATER)) == ["c"]


class TestRejecting:
    def test_the_step_before_begins_again_and_hears_why(self) -> None:
        mission = rejected(at_look(), LINE, "look", "too long", LATER)
        assert (phases(mission)["tidy"], wanted(mission)) == ("pending", ["tidy"])
        assert state(mission, "tidy").feedback == ("too long",)
        again = rejected(done(mission, LINE, "tidy"), LINE, "look", "still too long", LATER)
        assert state(again, "tidy").feedback == ("too long", "still too long")

    def test_a_gate_that_no_step_comes_before_cannot_send_anything_back(self) -> None:
        workflow = Workflow("w", "W", (Step("ask", "Ask", "human-gate", review="raw-input.md"),))
        with pytest.raises(Refused, match="no step comes before Ask"):
            rejected(a_mission(workflow), workflow, "ask", "no", AT)

    def test_approvals_of_what_is_done_again_are_forgotten(self) -> None:
        mission = approved(at_look(), LINE, "look", BY_ANN, LATER)
        mission = back(done(mission, LINE, "build"), LINE, "tidy", LATER)
        assert phases(mission) == {"tidy": "pending", "look": "pending", "build": "pending", "review": "pending"}
        assert state(mission, "look").approval is None


class TestGoingBack:
    def test_all_that_is_built_on_the_step_is_to_be_done_again(self) -> None:
        mission = with_phases(a_mission(BRANCHED), plan="done", docs="done", facts="done", build="done")
        mission = back(mission, BRANCHED, "docs", LATER)
        assert phases(mission) == {
            "plan": "done",
            "docs": "pending",
            "facts": "done",
            "build": "done",
            "review": "pending",
        }
        assert (wanted(mission), mission.status, mission.current_step) == ([], "ready", 1)

    def test_a_gate_can_be_gone_back_to(self) -> None:
        mission = back(approved(at_look(), LINE, "look", BY_ANN, LATER), LINE, "look", LATER)
        assert (mission.status, state(mission, "look").approval) == ("waiting_human", None)

    def test_nothing_that_was_wanted_begins_meanwhile(self) -> None:
        mission = back(gone_on(a_mission(LINE), LINE, AT), LINE, "tidy", LATER)
        assert due(mission, LINE) == []

    def test_it_names_the_steps_that_there_are(self) -> None:
        with pytest.raises(NotFound, match="has no step 'nowhere'") as caught:
            back(at_look(), LINE, "nowhere", AT)
        assert "tidy, look, build, review" in caught.value.hint

    def test_what_is_at_work_is_not_pulled_away(self) -> None:
        mission = begun(approved(at_look(), LINE, "look", BY_ANN, AT), LINE, "build", RUN, AT)
        with pytest.raises(AlreadyRunning, match="is at work: Build"):
            back(mission, LINE, "tidy", AT)
        beside = begun(with_phases(a_mission(BRANCHED), plan="done", docs="done"), BRANCHED, "facts", RUN, AT)
        assert phases(back(beside, BRANCHED, "docs", AT))["docs"] == "pending"


class TestRetrying:
    def test_only_what_failed_is_wanted(self) -> None:
        mission = with_phases(a_mission(BRANCHED), plan="done", docs="failed", facts="pending")
        assert wanted(retried(mission, BRANCHED, LATER)) == ["docs"]

    def test_nothing_failed(self) -> None:
        with pytest.raises(Refused, match="no step of fix-login has failed"):
            retried(at_look(), LINE, AT)

    def test_one_that_is_at_work_is_not_told_to_go_on(self) -> None:
        beside = begun(a_mission(BRANCHED), BRANCHED, "plan", RUN, AT)
        with pytest.raises(AlreadyRunning, match="is at work"):
            retried(beside, BRANCHED, AT)


class TestCompletingAndReopening:
    def test_what_is_left_is_skipped(self) -> None:
        mission = completed(at_look(), LINE, LATER)
        assert phases(mission) == {"tidy": "done", "look": "skipped", "build": "skipped", "review": "skipped"}
        assert (mission.status, mission.current_step) == ("completed", 4)
        assert completed(mission, LINE, "later still") is mission

    def test_one_at_work_is_not_complete(self) -> None:
        with pytest.raises(AlreadyRunning, match="is at work"):
            completed(begun(a_mission(LINE), LINE, "tidy", RUN, AT), LINE, AT)

    def test_one_that_failed_can_be_called_complete(self) -> None:
        assert completed(with_phases(a_mission(LINE), tidy="failed"), LINE, AT).status == "completed"

    def test_what_was_skipped_is_to_be_done_again(self) -> None:
        mission = reopened(completed(at_look(), LINE, AT), LINE, LATER)
        assert (mission.status, phases(mission)["tidy"], wanted(mission)) == ("waiting_human", "done", [])

    def test_else_the_last_gate_waits_again(self) -> None:
        mission = with_phases(a_mission(LINE), tidy="done", look="done", build="done")
        mission = approved(mission, LINE, "review", BY_ANN, AT)
        mission = reopened(mission, LINE, LATER)
        assert (mission.status, state(mission, "review").approval) == ("waiting_code_review", None)

    def test_without_a_gate_its_last_step_is_to_be_done_again(self) -> None:
        workflow = Workflow("w", "W", LINE.steps[:1])
        mission = reopened(done(a_mission(workflow), workflow, "tidy"), workflow, LATER)
        assert (mission.status, ids(startable(mission, workflow))) == ("ready", ["tidy"])

    def test_one_that_is_not_complete_cannot_be_reopened(self) -> None:
        with pytest.raises(Refused, match="is not complete: waits for your review"):
            reopened(at_look(), LINE, AT)


class TestGatesThatOpenAgain:
    def test_an_approval_that_does_not_fit_any_more_is_gone(self) -> None:
        mission = done(approved(at_look(), LINE, "look", BY_ANN, LATER), LINE, "build")
        again = gates_reopened(mission, LINE, {"look"}, "later still")
        assert (again.status, again.current_step, state(again, "look").approval) == ("waiting_human", 1, None)
        assert phases(again)["build"] == "done"

    def test_what_it_held_up_does_not_begin(self) -> None:
        mission = gates_reopened(approved(at_look(), LINE, "look", BY_ANN, LATER), LINE, {"look"}, LATER)
        assert due(mission, LINE) == []

    def test_a_gate_that_was_skipped_or_waits_stays_as_it_is(self) -> None:
        for mission in (at_look(), completed(at_look(), LINE, AT)):
            assert gates_reopened(mission, LINE, {"look", "review"}, LATER) is mission
