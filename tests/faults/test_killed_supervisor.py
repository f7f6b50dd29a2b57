"""SIGKILL of the supervisor at any moment: the next one goes on as if nothing had happened."""

from __future__ import annotations

import random

import pytest

from scopecraft.model.session import Failed, Interrupted, Queued, is_live
from tests.support.faults import ENDLESS, QUICK, Agent, World, check_invariants
from tests.support.played import kill_after
from tests.support.private_engine import IMAGE
from tests.support.wait import until

pytestmark = [pytest.mark.engine, pytest.mark.image]

# What can be seen of each step that a supervisor takes for a session, in the order of its life.
STEPS = (
    "missions/active/.making-*",
    "missions/active/m-*--first",
    "worktrees/shop/first/.git",
    "sessions/{id}/git",
    "sessions/{id}/facts.json",
    "session_starting",
    "create",
    "start",
    "session_started",
    "die",
    "sessions/{id}/decided.json",
    "destroy",
    "session_ended",
    "next: session_starting",
    "next: create",
)
BRIEFLY = ("worktrees/shop/first/.git", "session_starting", "create", "start", "die", "session_ended")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "step" in metafunc.fixturenames:
        metafunc.parametrize("step", STEPS if metafunc.config.getoption("--full") else BRIEFLY)


def is_seen(world: World, step: str, first: str, second: str) -> bool:
    of_next = step.removeprefix("next: ")
    session_id = first if of_next == step else second
    if of_next in ("create", "start", "die", "destroy"):
        return world.watch.sessions(of_next)[session_id] > 0
    if of_next.startswith("session_"):
        return of_next in world.kinds(session_id)
    return any(world.shop.home.root.glob(of_next.format(id=session_id)))


def test_one_that_is_killed_in_any_step_is_followed_by_one_that_goes_on(world: World, step: str) -> None:
    world.rule(max_running=1)
    first, second = world.queue("first"), world.queue("second")
    supervisor = world.begin()
    until(lambda: is_seen(world, step, first, second), 60, every=0.001, what=step)
    supervisor.kill()
    world.come_back()
    world.wait_ended()
    check_invariants(world, completed=True)


def test_what_was_accepted_is_kept_when_it_is_killed_at_once(world: World) -> None:
    world.rule(is_paused=True)
    supervisor = world.supervise()
    asking = world.shop.begin_run("first", QUICK.script, "--detach", heard=True)
    until(lambda: world.sessions() or asking.poll() is not None, 60, every=0.001)
    supervisor.kill()
    _, said = asking.communicate(timeout=60)
    assert world.sessions(), said
    (session,) = world.sessions()
    world.agents[session.id] = QUICK
    assert isinstance(session.status, Queued)
    world.rule(is_paused=False)
    world.come_back()
    world.wait_ended()
    check_invariants(world, completed=True)


def test_what_it_began_at_once_for_a_command_is_done_once_when_it_is_killed_on_the_way(world: World) -> None:
    supervisor = world.supervise()
    asking = world.shop.begin_run("first", QUICK.script, "--detach", heard=True)
    until(lambda: world.watch.sessions("create"), 60, every=0.001, what="its container to be made")
    supervisor.kill()
    _, complaint = asking.communicate(timeout=60)
    assert asking.returncode != 0 and b"supervisor" in complaint, complaint
    (session,) = world.sessions()
    world.agents[session.id] = QUICK
    world.come_back()
    world.wait_ended()
    check_invariants(world, completed=True)


def test_one_that_is_killed_again_and_again_does_all_the_work_once(world: World, full: bool) -> None:
    kills, sessions = (200, 30) if full else (12, 15)
    world.rule(max_waiting=sessions)
    chance = random.Random(kills)
    # long enough that there is work to disturb until the last of them
    agent = Agent(lines=20, pause=kills * 3 / sessions / 20)
    for number in range(sessions):
        world.queue(f"task-{number}", agent)
    disturbed = 0
    for _ in range(kills):
        if chance.random() < 0.5:
            supervisor, longest = world.come_back(), 1.5
        else:
            supervisor, longest = world.begin(), 1.0  # it may not even be up
        disturbed += any(is_live(session.status) for session in world.sessions())
        assert kill_after(supervisor.process, chance.uniform(0, longest)), supervisor.said.read_text()
    world.come_back()
    world.wait_ended(seconds=300)
    assert disturbed > kills * 0.8, f"only {disturbed} of {kills} kills disturbed anything"
    check_invariants(world, rounds=kills, completed=True)


def test_what_ended_while_nobody_was_there_is_told_and_the_next_begins_once(world: World) -> None:
    """Row 2: exit code from the engine, the whole log, and the line goes on."""
    world.rule(max_running=1)
    first = world.queue("first", Agent(code=3))
    second = world.queue("second")
    supervisor = world.supervise()
    world.wait_begun(first)
    supervisor.kill()
    until(lambda: world.watch.sessions("die")[first], 60, what="its container to end")
    world.come_back()
    world.wait_ended()
    assert world.outcome(first) == Failed("Agent exited with code 3", 3)
    assert (world.shop.path(first) / "stream.jsonl").read_bytes() == QUICK.writes(first)
    assert second in world.shop.started("second")
    check_invariants(world)


def test_a_container_that_was_removed_meanwhile_is_an_interruption_and_not_tried_again(world: World) -> None:
    """Row 3."""
    world.rule(max_running=1)
    first, second = world.queue("first", ENDLESS), world.queue("second")
    supervisor = world.supervise()
    world.wait_begun(first)
    supervisor.kill()
    world.shop.container(first).remove(force=True)
    world.come_back()
    world.wait_ended()
    outcome = world.outcome(first)
    assert isinstance(outcome, Interrupted) and outcome.cause == "engine"
    assert [each.id for each in world.sessions()] == [second, first]
    check_invariants(world)


def test_a_container_that_the_engine_made_too_late_for_a_killed_starter_does_not_cost_its_session(world: World) -> None:
    world.rule(is_paused=True)
    first = world.queue("first")
    # the session was put back into the line meanwhile, since nothing of it was to be seen
    labels = {"scopecraft.home": world.shop.home.label, "scopecraft.kind": "session", "scopecraft.session": first}
    world.shop.engine.containers.create(IMAGE, "true", name=f"sc-{first}", labels=labels)
    world.supervise()
    world.rule(is_paused=False)
    world.wait_ended()
    check_invariants(world, completed=True)
