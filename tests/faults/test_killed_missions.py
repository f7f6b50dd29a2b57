"""SIGKILL of the supervisor, and of who approves, at random moments of every step: the mission gets to its end."""

from __future__ import annotations

import json
import random
from collections import Counter

import pytest

from scopecraft.missions.finding import require_mission
from scopecraft.missions.folder import changing, folder_of, save_mission
from scopecraft.missions.moves import gone_on
from scopecraft.missions.recipe import load_workflow
from scopecraft.model import clock
from scopecraft.model.mission import Mission
from scopecraft.model.workflow import RAW_INPUT, Step, Workflow
from tests.support.faults import World, check_invariants
from tests.support.gated import gated
from tests.support.missions import Desk
from tests.support.played import COMMIT, STARTED, kill_after
from tests.support.wait import until

pytestmark = [pytest.mark.engine, pytest.mark.image]

SCRIPTS = {
    "plan": f"{STARTED}; echo a plan >/mission/artifacts/plan.md; sleep 0.5",
    "build": f"{STARTED}; {COMMIT}; sleep 0.5; echo built >/mission/artifacts/result.md",
    "check": f"{STARTED}; sleep 0.3; echo fine >/mission/artifacts/check.md",
}
STEPS = (
    Step("plan", "Plan", "agent", workspace="document", inputs=(RAW_INPUT,), outputs=("plan.md",), dialect="plan"),
    Step("review-plan", "Review plan", "human-gate", review="plan.md"),
    Step("build", "Build", "agent", inputs=("plan.md",), outputs=("result.md",), dialect="build"),
    Step("check", "Check", "agent", workspace="document", outputs=("check.md",), dialect="check", autostart=True),
    Step("review-code", "Review code", "code-review"),
)


KILLS = 8


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    metafunc.parametrize("seed", range(10) if metafunc.config.getoption("--full") else (8,))


def begin(world: World) -> str:
    text = "".join(
        f'[agents.{name}]\ndialect = "plain"\ncommand = ["sh", "-c", {json.dumps(script)}]\n'
        for name, script in SCRIPTS.items()
    )
    world.shop.home.settings_file.write_text(text)
    mission_id = gated(Desk(world.shop.folder), "fix-login", Workflow("killed", "Killed", STEPS)).id
    with changing(world.shop.home, mission_id) as mission:
        workflow = load_workflow(folder_of(world.shop.home, mission))
        save_mission(world.shop.home, gone_on(mission, workflow, clock.to_text(clock.now())))
    return mission_id


def mission(world: World, mission_id: str) -> Mission:
    return require_mission(world.shop.home, mission_id, None)


def is_at_gate(world: World, mission_id: str) -> bool:
    return mission(world, mission_id).status in ("waiting_human", "waiting_code_review")


def test_a_mission_gets_to_its_end_whoever_is_killed_on_the_way(world: World, seed: int) -> None:
    chance = random.Random(seed)
    mission_id = begin(world)
    disturbed = 0
    for _ in range(KILLS):
        supervisor = world.begin()
        if is_at_gate(world, mission_id) and chance.random() < 0.7:
            approving = world.shop.begin("mission", "approve", "fix-login", "--yes", "--quiet")
            kill_after(approving, chance.uniform(0, 0.5))
        disturbed += mission(world, mission_id).status != "completed"
        kill_after(supervisor.process, chance.uniform(0, 1.2))
    world.come_back()
    while not mission(world, mission_id).is_frozen:
        until(
            lambda: is_at_gate(world, mission_id) or mission(world, mission_id).is_frozen, 60, every=0.05, what="a gate"
        )
        if is_at_gate(world, mission_id):
            said = world.shop.sc("mission", "approve", "fix-login", "--yes", "--quiet")
            assert said.code == 0 or "does not wait" in said.err, said.err
    print(f"{disturbed} of {KILLS} kills came before its end")

    done = mission(world, mission_id)
    assert [state.phase for state in done.steps] == ["done"] * len(STEPS)
    assert all(state.approval for state in done.steps if state.step_id.startswith("review"))
    assert Counter(session.step_id for session in world.sessions()) == {"plan": 1, "build": 1, "check": 1}
    assert [state.run_id for state in done.steps if state.run_id] == [
        session.id for session in sorted(world.sessions(), key=lambda session: session.created_at)
    ]
    check_invariants(world, rounds=KILLS, completed=True)
