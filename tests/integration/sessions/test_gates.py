"""Gates: an approval is of what a person saw, by one person once, and holds for as long as that is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from scopecraft.errors import Overtaken
from scopecraft.missions.recipe import load_workflow
from scopecraft.missions.versions import versions_of
from scopecraft.model.mission import Mission
from scopecraft.sessions.gate_content import gate_of
from scopecraft.sessions.gates import approve, contents_changed
from tests.support.gated import Gated, gated
from tests.support.missions import make_desk
from tests.support.repos import commit, git


@pytest.fixture
def at_plan(clean_environment: Path) -> Gated:
    return gated(make_desk(clean_environment)).at_plan()


@pytest.fixture
def at_code(at_plan: Gated) -> Gated:
    approve_as_it_is(at_plan)
    commit(at_plan.worktree, "login.py", "def login(): ...\n")
    at_plan.do("build")
    return at_plan


def approve_as_it_is(gated: Gated) -> Mission:
    return approve(gated.context, gated.id, gate_of(gated.context, gated.mission).seen, "ann")


def changed(gated: Gated) -> set[str]:
    return contents_changed(gated.context, gated.mission, load_workflow(gated.folder))


def test_what_was_approved_is_recorded_with_who_and_the_bytes(at_plan: Gated) -> None:
    gate = gate_of(at_plan.context, at_plan.mission)
    assert (gate.step.id, gate.content) == ("review-plan", b"the plan\n")
    approve(at_plan.context, at_plan.id, gate.seen, "ann")
    state = at_plan.mission.state("review-plan")
    assert state is not None and state.approval is not None
    assert (state.approval.by, state.approval.artifact, state.approval.sha256) == ("ann", "plan.md", gate.seen.sha256)
    assert [version.sha256 for version in versions_of(at_plan.desk.home, at_plan.mission, "plan.md")] == [
        gate.seen.sha256
    ]
    build = at_plan.mission.state("build")
    assert build is not None and build.is_wanted
    (event,) = at_plan.context.store.events(mission_id=at_plan.id)
    assert (event.kind, event.data["step"], event.data["by"]) == ("gate_approved", "review-plan", "ann")


def test_an_artifact_that_changed_after_it_was_shown_is_not_approved(at_plan: Gated) -> None:
    seen = gate_of(at_plan.context, at_plan.mission).seen
    at_plan.write("plan.md", "another plan\n")
    with pytest.raises(Overtaken, match="has changed since"):
        approve(at_plan.context, at_plan.id, seen, "ann")
    assert at_plan.mission.status == "waiting_human"


def test_a_gate_opens_again_when_its_artifact_changes_or_is_gone(at_plan: Gated) -> None:
    approve_as_it_is(at_plan)
    assert changed(at_plan) == set()
    at_plan.write("plan.md", "another plan\n")
    assert changed(at_plan) == {"review-plan"}
    (at_plan.folder / "artifacts" / "plan.md").unlink()
    assert changed(at_plan) == {"review-plan"}
    (at_plan.folder / "artifacts" / "plan.md").symlink_to("/etc/passwd")
    assert changed(at_plan) == {"review-plan"}


def test_a_code_review_opens_again_when_the_branch_moves_or_is_gone(at_code: Gated) -> None:
    approve_as_it_is(at_code)
    assert at_code.mission.status == "completed"
    assert changed(at_code) == set()
    commit(at_code.worktree, "login.py", "def login(): steal()\n")
    assert changed(at_code) == {"review-code"}
    git(at_code.desk.folder, "update-ref", "-d", "refs/heads/feature/fix-login")
    assert changed(at_code) == {"review-code"}


def test_work_on_the_branch_after_it_was_shown_is_not_approved(at_code: Gated) -> None:
    seen = gate_of(at_code.context, at_code.mission).seen
    commit(at_code.worktree, "login.py", "def login(): steal()\n")
    with pytest.raises(Overtaken, match="has moved since"):
        approve(at_code.context, at_code.id, seen, "ann")
    assert at_code.mission.status == "waiting_code_review"
