"""Gates: an approval is of what a person saw, by one person once, and holds for as long as that is there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from scopecraft.errors import BadInput, NotFound, Overtaken, Refused, RepositoryRefused
from scopecraft.missions.recipe import load_workflow
from scopecraft.missions.versions import keep_version, versions_of
from scopecraft.model.mission import Mission
from scopecraft.model.workflow import Step
from scopecraft.sessions.carrying_on import carry_on
from scopecraft.sessions.gate_content import gate_of
from scopecraft.sessions.gates import Uncommitted, approve, contents_changed, reject
from scopecraft.sessions.mission_moves import go_back
from tests.support.gated import PLANNED, Gated, gated
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


def test_an_approval_of_what_a_person_made_of_it_says_so(at_plan: Gated) -> None:
    home, mission = at_plan.desk.home, at_plan.mission
    keep_version(home, mission, "plan.md", by="planning", at=mission.updated_at, run_id="s-0123456789ab")
    at_plan.write("plan.md", "a better plan\n")
    approve_as_it_is(at_plan)
    (event,) = at_plan.context.store.events(mission_id=at_plan.id)
    assert event.data["edited"] is True


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


def test_a_repository_that_is_away_for_a_while_costs_nobody_their_approval(at_code: Gated) -> None:
    approve_as_it_is(at_code)
    away = at_code.desk.folder.rename(at_code.desk.folder.with_name("away"))
    with pytest.raises(RepositoryRefused):
        carry_on(at_code.context, at_code.id)
    away.rename(at_code.desk.folder)
    assert changed(at_code) == set()
    state = at_code.mission.state("review-code")
    assert state is not None and state.phase == "done" and state.approval is not None


def test_work_on_the_branch_after_it_was_shown_is_not_approved(at_code: Gated) -> None:
    seen = gate_of(at_code.context, at_code.mission).seen
    commit(at_code.worktree, "login.py", "def login(): steal()\n")
    with pytest.raises(Overtaken, match="has moved since"):
        approve(at_code.context, at_code.id, seen, "ann")
    assert at_code.mission.status == "waiting_code_review"


def test_a_review_in_the_middle_lets_the_next_step_go_on_from_what_was_approved(clean_environment: Path) -> None:
    steps = (*PLANNED.steps[2:], Step("polish", "Polish", "agent"), Step("last", "Last review", "code-review"))
    mission = gated(make_desk(clean_environment), workflow=replace(PLANNED, steps=steps))
    commit(mission.worktree, "login.py", "def login(): ...\n")
    mission.do("build")
    approve_as_it_is(mission)
    commit(mission.worktree, "sneaked.py", "steal()\n")
    assert changed(mission) == {"review-code"}  # before the next step has begun
    git(mission.worktree, "reset", "--quiet", "--hard", "HEAD~1")
    mission.do("polish")
    commit(mission.worktree, "login.py", "def login(): return 1\n")
    assert changed(mission) == set()
    git(mission.worktree, "commit", "--quiet", "--amend", "--message=another")
    git(mission.worktree, "reset", "--quiet", "--hard", "HEAD~2")
    assert changed(mission) == {"review-code"}  # what was approved is not in it any more

    go_back(mission.context, mission.id, "review-code", "ann")
    approve_as_it_is(mission)
    assert changed(mission) == set()
    commit(mission.worktree, "sneaked.py", "steal()\n")
    assert changed(mission) == {"review-code"}  # that the next step had begun before is no excuse


def test_what_a_later_step_says_it_writes_it_may_write(clean_environment: Path) -> None:
    build = replace(PLANNED.steps[2], outputs=("plan.md",))
    mission = gated(
        make_desk(clean_environment), workflow=replace(PLANNED, steps=(*PLANNED.steps[:2], build, PLANNED.steps[3]))
    )
    approve_as_it_is(mission.at_plan())
    mission.do("build")
    mission.write("plan.md", "the plan, and what became of it\n")
    assert changed(mission) == set()


def test_work_that_is_not_committed_needs_a_word_of_the_person(at_code: Gated) -> None:
    (at_code.worktree / "login.py").write_text("mine\n")
    with pytest.raises(Refused, match="work in the worktree of fix-login is not committed") as caught:
        approve_as_it_is(at_code)
    assert "--commit" in caught.value.hint and "--only-committed" in caught.value.hint
    assert at_code.mission.status == "waiting_code_review"


def test_what_is_left_out_stays_in_the_worktree(at_code: Gated) -> None:
    tip = git(at_code.worktree, "rev-parse", "HEAD")
    (at_code.worktree / "login.py").write_text("mine\n")
    assert approved_commit(at_code, "leave") == tip == git(at_code.worktree, "rev-parse", "HEAD")
    assert (at_code.worktree / "login.py").read_text() == "mine\n"


def test_what_is_taken_in_is_a_commit_of_the_person_without_any_hook(at_code: Gated) -> None:
    tip = git(at_code.worktree, "rev-parse", "HEAD")
    (at_code.worktree / "login.py").write_text("mine\n")
    (at_code.worktree / "new.txt").write_text("new\n")
    (at_code.worktree / "file-0.txt").unlink()
    hooks = at_code.desk.folder / ".git" / "hooks"
    for name in ("pre-commit", "commit-msg", "post-commit", "reference-transaction", "post-index-change"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {at_code.desk.folder}/ran\n")
        (hooks / name).chmod(0o755)
    taken = approved_commit(at_code, "commit")
    assert not (at_code.desk.folder / "ran").exists()
    assert git(at_code.worktree, "rev-parse", "HEAD", "HEAD^").split() == [taken, tip]
    assert git(at_code.worktree, "log", "-1", "--format=%an <%ae>") == "Tester <tester@example.com>"
    assert git(at_code.worktree, "status", "--porcelain") == ""
    assert git(at_code.worktree, "diff", "--name-status", "HEAD^", "HEAD") == "D\tfile-0.txt\nM\tlogin.py\nA\tnew.txt"
    assert changed(at_code) == set()


def test_what_was_written_after_it_was_shown_is_not_taken_in(at_code: Gated) -> None:
    tip = git(at_code.worktree, "rev-parse", "HEAD")
    (at_code.worktree / "login.py").write_text("mine\n")
    seen = gate_of(at_code.context, at_code.mission).seen
    (at_code.worktree / "login.py").write_text("not mine\n")
    with pytest.raises(Overtaken, match="worktree of fix-login has changed"):
        approve(at_code.context, at_code.id, seen, "ann", "commit")
    assert git(at_code.worktree, "rev-parse", "HEAD") == tip


def test_whoever_was_killed_while_taking_it_in_can_say_it_again(at_code: Gated) -> None:
    """The index is set before the branch moves: everything is staged then."""
    (at_code.worktree / "login.py").write_text("mine\n")
    git(at_code.worktree, "add", "--all")
    taken = approved_commit(at_code, "commit")
    assert git(at_code.worktree, "show", f"{taken}:login.py") == "mine"
    assert git(at_code.worktree, "status", "--porcelain") == ""


def test_a_worktree_that_stands_elsewhere_is_not_taken_in(at_code: Gated) -> None:
    (at_code.worktree / "login.py").write_text("mine\n")
    git(at_code.worktree, "checkout", "--quiet", "--detach")
    with pytest.raises(RepositoryRefused, match="has no branch checked out"):
        approved_commit(at_code, "commit")
    assert approved_commit(at_code, "leave") == git(at_code.worktree, "rev-parse", "feature/fix-login")


def test_a_worktree_that_points_elsewhere_is_not_looked_into(at_code: Gated) -> None:
    (at_code.worktree / ".git").write_text(f"gitdir: {at_code.desk.folder}/.git\n")
    with pytest.raises(Refused, match=r"what is not committed cannot be told") as caught:
        approve_as_it_is(at_code)
    assert "--only-committed" in caught.value.hint
    assert approved_commit(at_code, "leave") is not None


def test_files_that_go_through_a_filter_are_left_to_the_person(at_code: Gated) -> None:
    git(at_code.worktree, "config", "--global", "filter.lfs.clean", f"touch {at_code.desk.folder}/ran; cat")
    (at_code.worktree / ".gitattributes").write_text("*.bin filter=lfs\n")
    (at_code.worktree / "big.bin").write_text("big\n")
    with pytest.raises(RepositoryRefused, match=r"big\.bin goes through a filter"):
        approved_commit(at_code, "commit")
    assert not (at_code.desk.folder / "ran").exists()
    assert at_code.mission.status == "waiting_code_review"


def test_what_no_commit_can_hold_is_said(at_code: Gated) -> None:
    git(at_code.worktree, "init", "--quiet", "inner")
    commit(at_code.worktree / "inner", "x")
    with pytest.raises(Refused, match="not committed"):
        approve_as_it_is(at_code)
    with pytest.raises(Refused, match="no commit can hold all of it: inner"):
        approved_commit(at_code, "commit")


def test_files_that_run_on_the_persons_machine_are_named_and_recorded(at_code: Gated) -> None:
    commit(at_code.worktree, ".vscode/tasks.json", "{}\n")
    (at_code.worktree / ".envrc").write_text("steal\n")
    gate = gate_of(at_code.context, at_code.mission)
    assert gate.work is not None
    assert [file.path for file in gate.work.host_files] == [".vscode/tasks.json", ".envrc"]
    approve(at_code.context, at_code.id, gate.seen, "ann", "leave")
    state = at_code.mission.state("review-code")
    assert state is not None and state.approval is not None
    assert state.approval.host_files == (".vscode/tasks.json", ".envrc")


def test_a_rejection_is_recorded_and_needs_a_reason(at_plan: Gated) -> None:
    with pytest.raises(BadInput, match="needs a reason"):
        reject(at_plan.context, at_plan.id, "review-plan", " \n", "ann")
    after = reject(at_plan.context, at_plan.id, "review-plan", "too long\n", "ann")
    plan = after.state("plan")
    assert plan is not None and plan.is_wanted and plan.feedback == ("too long",)
    with pytest.raises(Overtaken, match="does not wait"):
        reject(at_plan.context, at_plan.id, "review-plan", "again", "bob")
    (event,) = at_plan.context.store.events(mission_id=at_plan.id)
    assert (event.kind, event.data["why"], event.data["by"]) == ("gate_rejected", "too long", "ann")


@pytest.mark.parametrize(
    ("named", "says"),
    [("nowhere", "nowhere is no step"), ("plan", "plan is no gate"), ("review-code", "does not wait")],
)
def test_only_a_gate_that_waits_can_be_named(at_plan: Gated, named: str, says: str) -> None:
    with pytest.raises((NotFound, Overtaken), match=says):
        gate_of(at_plan.context, at_plan.mission, named)


def test_a_plan_that_is_not_there_or_a_link_is_not_approved(at_plan: Gated) -> None:
    plan = at_plan.folder / "artifacts" / "plan.md"
    plan.unlink()
    with pytest.raises(NotFound, match=r"has no artifact plan\.md"):
        gate_of(at_plan.context, at_plan.mission)
    plan.symlink_to("/etc/passwd")
    with pytest.raises(Refused, match="a link"):
        gate_of(at_plan.context, at_plan.mission)


def approved_commit(gated: Gated, uncommitted: Uncommitted) -> str | None:
    seen = gate_of(gated.context, gated.mission).seen
    state = approve(gated.context, gated.id, seen, "ann", uncommitted).state(seen.gate_id)
    assert state is not None and state.approval is not None
    return state.approval.commit
