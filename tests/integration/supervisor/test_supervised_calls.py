"""A call of a model under a real supervisor: it takes its place in line, and outlives who started it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from scopecraft.missions.folder import changing, folder_of, save_mission
from scopecraft.missions.moves import gone_on
from scopecraft.missions.recipe import load_workflow
from scopecraft.model import clock
from scopecraft.model.session import Ended, Session
from scopecraft.model.workflow import RAW_INPUT, Step, Workflow
from scopecraft.sessions.context import Context
from scopecraft.supervisor.asking import ask_to_carry_on
from tests.support.gated import gated
from tests.support.llm_servers import WAIT, CallServer
from tests.support.missions import Desk
from tests.support.repos import make_repository
from tests.support.supervisors import running_supervisor
from tests.support.wait import until

ASKED = Workflow(
    "asked",
    "Asked",
    (
        Step("plan", "Plan", "llm", inputs=(RAW_INPUT,), outputs=("plan.md",)),
        Step("review-plan", "Review plan", "human-gate", review="plan.md"),
    ),
)


@pytest.fixture
def desk(clean_environment: Path) -> Iterator[Desk]:
    desk = Desk(make_repository(clean_environment / "shop"))
    desk.done("init")
    desk.done("link")
    yield desk
    desk.sc("stop", "ask-it", "--now")


def asked(desk: Desk, context: Context) -> Session:
    """The session of a mission that goes on by itself."""
    mission_id = gated(desk, "ask-it", ASKED).id
    with changing(desk.home, mission_id) as mission:
        workflow = load_workflow(folder_of(desk.home, mission))
        save_mission(desk.home, gone_on(mission, workflow, clock.to_text(clock.now())))
    (session,) = ask_to_carry_on(context, mission_id).begun
    return session


def ended(context: Context, session: Session) -> Ended | None:
    """As the store has it; nobody but the supervisor settles it."""
    now = context.store.get(session.id)
    return now.status if now is not None and isinstance(now.status, Ended) else None


def test_a_call_outlives_the_supervisor_and_the_next_one_hears_of_its_end(desk: Desk) -> None:
    with CallServer({"pieces": ["# Plan\n", WAIT, "Do it.\n"]}) as server:
        context = Context.of({**os.environ, **server.environment})
        with running_supervisor(**server.environment) as first:
            session = asked(desk, context)
            until(lambda: (begun := context.store.get(session.id)) and begun.status.kind == "running", 30)
            until(lambda: b"# Plan" in context.folder(session.id).stream.read_bytes(), 30)
            first.kill()
        with running_supervisor(**server.environment):
            server.go_on()
            status = until(lambda: ended(context, session), 30)
            assert status.outcome.kind == "completed"
        assert len(server.requests) == 1
    (folder,) = desk.home.missions_active.iterdir()
    assert (folder / "artifacts" / "plan.md").read_text() == "# Plan\nDo it.\n"


def test_a_used_up_limit_of_the_provider_parks_the_queue(desk: Desk) -> None:
    used_up = {"error": 429, "message": "slow down", "headers": {"retry-after": "3600"}}
    with CallServer(used_up) as server, running_supervisor():
        context = Context.of({**os.environ, **server.environment})
        session = asked(desk, context)
        assert until(lambda: ended(context, session), 30).outcome.kind == "failed"
        rules = until(lambda: rules if (rules := context.store.queue.rules()).parked_until else None, 10)
    assert rules.parked_because is not None and "the limit of Anthropic is reached" in rules.parked_because
