"""`sc mission watch`: a mission is followed, with and without a supervisor, until it needs a person."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from docker import DockerClient

from scopecraft.missions.folder import changing, folder_of, save_mission
from scopecraft.missions.moves import gone_on
from scopecraft.missions.recipe import load_workflow
from scopecraft.model import clock
from scopecraft.model.workflow import Step, Workflow
from scopecraft.sessions.context import Context
from tests.support.gated import gated
from tests.support.missions import Desk
from tests.support.played import Shop, opened_shop
from tests.support.supervisors import running_supervisor
from tests.support.wait import until

pytestmark = [pytest.mark.engine, pytest.mark.image]
PLAN = "echo I plan; echo a plan >/mission/artifacts/plan.md; echo planned"
STEPS = (
    Step("plan", "Plan", "agent", workspace="document", dialect="plan", outputs=("plan.md",)),
    Step("review", "Review plan", "human-gate", review="plan.md"),
    Step("build", "Build", "agent", dialect="build"),
    Step("test", "Test", "agent", dialect="build", autostart=True),
)


@pytest.fixture
def shop(clean_environment: Path, engine: DockerClient, agent_image: str) -> Iterator[Shop]:
    with opened_shop(clean_environment / "shop", engine) as shop:
        yield shop


def mission(shop: Shop, **scripts: str) -> str:
    """Whose first step may begin at once; the scripts are for its agents."""
    text = "[container]\nstop_grace = 2\n"
    for name, script in scripts.items():
        text += f'[agents.{name}]\ndialect = "plain"\ncommand = ["sh", "-c", {json.dumps(script)}]\n'
    shop.home.settings_file.write_text(text)
    mission_id = gated(Desk(shop.folder), "fix-login", Workflow("tried", "Tried", STEPS)).id
    home = Context.of(os.environ).home
    with changing(home, mission_id) as found:
        at = clock.to_text(clock.now())
        save_mission(home, gone_on(replace(found, status="ready"), load_workflow(folder_of(home, found)), at))
    return mission_id


def test_it_is_carried_to_the_gate_and_on_to_the_failure(shop: Shop) -> None:
    mission(shop, plan=PLAN, build="echo I build; exit 3")
    said = shop.sc("mission", "watch", "fix-login")
    assert said.code == 0, said.err
    lines = [line.partition(" ")[2] for line in said.out.splitlines() if not line.startswith("Plan |")]
    assert lines[0] == "Plan began: plan"
    assert lines[1].startswith("Plan completed: ")
    assert lines[2] == "Review plan waits for you"
    assert [line for line in said.out.splitlines() if line.startswith("Plan |")] == ["Plan | I plan", "Plan | planned"]
    assert "Review plan waits for you: read plan.md: sc mission approve fix-login" in said.err
    # nothing has changed: it says so again, at once
    assert shop.sc("mission", "watch", "fix-login").out == ""

    approved = shop.sc("mission", "approve", "fix-login", "--yes", "-q")
    assert approved.code == 0, approved.err
    said = shop.sc("mission", "watch", "fix-login")
    assert said.code == 1
    assert "Build failed: Agent exited with code 3" in said.out
    assert "sc mission retry fix-login" in said.err


def test_programs_get_a_line_for_each_event_and_how_it_stands(shop: Shop) -> None:
    mission_id = mission(shop, plan=PLAN)
    said = shop.sc("mission", "watch", "fix-login", "--json")
    assert said.code == 0, said.err
    rows = [json.loads(line) for line in said.out.splitlines()]
    assert {row["mission_id"] for row in rows[:-1]} == {mission_id}
    kinds = [row["kind"] for row in rows]
    assert kinds[:2] == ["session_created", "session_started"]
    assert {"gate_opened", "session_ended"} < set(kinds)
    assert rows[-1]["kind"] == "watch_ended"
    assert (rows[-1]["stage"], rows[-1]["step"]) == ("gate", "review")
    assert rows[-1]["commands"][0] == "sc mission approve fix-login"


def test_where_a_supervisor_is_up_it_only_looks(shop: Shop) -> None:
    mission_id = mission(shop, plan=PLAN)
    with running_supervisor() as supervisor:
        supervisor.ask("carry_on", {"mission_id": mission_id, "environ": dict(os.environ)})
        said = shop.sc("mission", "watch", "fix-login", "--quiet")
        assert said.code == 0, said.err
        assert "Plan |" not in said.out
        assert "Review plan waits for you" in said.out + said.err
    assert [session.step_id for session in shop.sessions()] == ["plan"]


def test_who_goes_leaves_it_at_work(shop: Shop) -> None:
    mission(shop, plan="echo I plan; sleep 600")
    watching = shop.begin("mission", "watch", "fix-login", heard=True)
    until(lambda: shop.sc("ls", "--state", "running", "--json").out.count('"id"') == 1, 60, every=0.2, what="a session")
    watching.send_signal(signal.SIGINT)
    out, err = watching.communicate(timeout=60)
    assert watching.returncode == 130, (out, err)
    assert b"fix-login goes on; watch it: sc mission watch fix-login" in err
    assert shop.row("fix-login")["state"] == "running"
