"""A mission is carried on while somebody else moves it, removes it, or writes into its artifacts."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from scopecraft.errors import Refused, ScopecraftError, StateUnreadable
from scopecraft.missions.finding import all_missions
from scopecraft.model import clock
from scopecraft.model.ids import new_session_id
from scopecraft.model.session import Completed, Ended, Failed, Killed, Outcome, Session, TimedOut
from scopecraft.model.workflow import Step, Workflow
from scopecraft.sessions.carrying_on import carry_on, put_in_line
from scopecraft.sessions.container_start import start_container
from scopecraft.sessions.context import Context
from scopecraft.sessions.mission_moves import go_on, see_how_it_is, try_again
from scopecraft.sessions.request import Admission, StartRequest
from scopecraft.sessions.step_end import missing_output
from tests.support.gated import Gated, gated
from tests.support.missions import Desk, make_desk
from tests.support.played import Shop
from tests.support.sessions import AT, LATER, a_session, ended
from tests.support.wait import until

PLAN = Step("plan", "Plan", "agent", workspace="document", outputs=("plan.md",), dialect="quiet")


@pytest.fixture
def at_work(clean_environment: Path) -> Gated:
    desk = make_desk(clean_environment)
    desk.home.settings_file.write_text('[agents.quiet]\ndialect = "plain"\ncommand = ["true"]\n')
    return gated(desk, workflow=Workflow("tried", "Tried", (PLAN,)))


def test_a_step_of_a_mission_that_is_removed_in_this_moment_begins_nowhere_else(at_work: Gated) -> None:
    go_on(at_work.context, at_work.id, "ann")
    raised: list[ScopecraftError] = []

    def begin(context: Context, request: StartRequest, step: Step) -> Session:
        at_work.desk.done("rm", at_work.id, "--yes")
        try:
            return put_in_line(context, request, step)
        except ScopecraftError as error:
            raised.append(error)
            raise

    with pytest.raises(StateUnreadable):
        carry_on(at_work.context, at_work.id, begin)
    assert "is not there any more" in raised[0].message
    assert (all_missions(at_work.desk.home)[0], at_work.context.store.sessions()) == ([], [])


def test_a_step_that_is_taken_out_of_the_line_can_be_gone_on_with_although_nobody_else_looks(at_work: Gated) -> None:
    go_on(at_work.context, at_work.id, "ann")
    (first,) = carry_on(at_work.context, at_work.id).begun
    at_work.desk.done("queue", "remove", first.id)
    assert (at_work.mission.status, at_work.mission.steps[0].phase) == ("ready", "pending")
    go_on(at_work.context, at_work.id, "ann")
    (second,) = carry_on(at_work.context, at_work.id).begun
    assert second.id != first.id


def test_a_step_whose_session_ended_before_its_mission_heard_of_it_can_be_gone_on_with(at_work: Gated) -> None:
    go_on(at_work.context, at_work.id, "ann")
    (session,) = carry_on(at_work.context, at_work.id).begun
    gone = Ended(None, session.created_at, Killed("sc queue remove"))
    at_work.context.store.move(session.id, gone, "session_ended", session.created_at)
    assert at_work.mission.steps[0].phase == "running"
    assert not see_how_it_is(at_work.context, at_work.id)
    assert (at_work.mission.status, at_work.mission.steps[0].phase) == ("ready", "pending")


def test_what_an_agent_did_whose_session_the_database_has_lost_is_not_cleared_away(at_work: Gated) -> None:
    go_on(at_work.context, at_work.id, "ann")
    run_id = at_work.give("plan")
    folder = at_work.context.folder(run_id)
    folder.make()
    folder.facts.write_text("{}")
    (folder.path / "git").mkdir()
    (folder.path / "git" / "work").write_text("of hours\n")
    (refusal,) = carry_on(at_work.context, at_work.id).refusals
    assert "the database has lost it" in refusal.message
    assert (folder.path / "git" / "work").read_text() == "of hours\n"
    assert at_work.mission.status == "failed"
    try_again(at_work.context, at_work.id, "ann")
    (session,) = carry_on(at_work.context, at_work.id).begun
    assert session.id != run_id


@pytest.mark.engine
@pytest.mark.image
def test_a_mission_that_is_frozen_while_a_session_of_it_is_made_stays_as_it_is(shop: Shop) -> None:
    """Else the session would work in a folder that is not there any more."""
    whole = gated(Desk(shop.folder))
    folder, frozen = whole.folder, shop.home.missions_completed / whole.folder.name

    def freeze(*_: object) -> None:
        frozen.parent.mkdir(exist_ok=True)
        folder.rename(frozen)

    request = StartRequest("fix-login", "x", shop.folder, agent="plain", arguments=("sleep", "600"))
    admission = Admission(new_session_id(clock.now()), guard=freeze)
    with pytest.raises(Refused, match="is complete, and frozen"):
        start_container(whole.context, replace(request, admission=admission))
    assert not folder.exists()
    (session,) = shop.sessions()
    assert isinstance(session.status, Ended) and isinstance(session.status.outcome, Failed)


@pytest.mark.parametrize(
    ("origin", "outcome", "said"),
    [
        ("takeover", Killed("sc takeover"), ""),
        ("handback", Killed("sc handback"), ""),
        ("resume", TimedOut(60), ""),
        ("resume", Completed(), "from before"),  # it is resumed since that was not good enough
        ("retry", Failed("a fault"), "from before"),
    ],
)
def test_what_was_written_before_a_conversation_went_on_elsewhere_counts(
    at_work: Gated, origin: str, outcome: Outcome, said: str
) -> None:
    context, mission = at_work.context, at_work.mission
    own = {"mission_id": mission.id, "step_id": "plan", "created_at": AT}
    first = a_session(**own)
    context.store.create(first, AT)
    context.store.move(first.id, ended(outcome), "session_ended", LATER)
    follower = a_session(**{**own, "created_at": LATER}, origin=origin, follows=first.id)
    at_work.write("plan.md", "a plan\n")
    written = clock.from_text(AT).timestamp() + 60
    os.utime(at_work.folder / "artifacts" / "plan.md", (written, written))
    missing = missing_output(context, mission, PLAN, follower)
    assert said in missing and bool(said) == bool(missing)


EXCHANGE = """
import os, sys
os.chdir(sys.argv[1])
while True:
    with open("b", "w") as file:
        file.write("a plan")
    os.replace("b", "plan.md")
    os.symlink("/etc/passwd", "b")
    os.replace("b", "plan.md")
"""


def test_an_artifact_that_is_exchanged_while_it_is_judged_is_a_reason_and_no_fault(at_work: Gated) -> None:
    folder = at_work.folder / "artifacts"
    mission, context = at_work.mission, at_work.context
    session = a_session(created_at="2026-03-01T10:00:00.000Z")
    (folder / "plan.md").write_text("a plan")
    attacker = subprocess.Popen([sys.executable, "-c", EXCHANGE, str(folder)])
    try:
        until(lambda: (folder / "plan.md").is_symlink(), every=0)
        said = {missing_output(context, mission, PLAN, session) for _ in range(4000)}
    finally:
        attacker.kill()
        attacker.wait()
    assert said <= {"", "plan.md cannot be read", "plan.md is a link, and those of agents are not followed"}
