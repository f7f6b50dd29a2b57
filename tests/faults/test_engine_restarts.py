"""The engine dies, is restarted, or hangs: nothing is lost, nothing is done twice, and nobody waits busily."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from scopecraft.model.handle import ContainerHandle
from scopecraft.model.session import Completed, Interrupted, handle_of
from tests.support.faults import ENDLESS, Agent, World, check_invariants, cpu_share
from tests.support.played import measured
from tests.support.private_engine import PrivateEngine
from tests.support.wait import until

pytestmark = [pytest.mark.engine, pytest.mark.image]


@pytest.fixture
def world(own_engine_world: World) -> World:
    own_engine_world.rule(max_running=1)
    return own_engine_world


@pytest.fixture
def restoring(kept_engine: PrivateEngine) -> Iterator[PrivateEngine]:
    """It keeps its containers through a restart while the test runs."""
    kept_engine.terminate()
    kept_engine.start(live_restore=True)
    yield kept_engine
    kept_engine.terminate()
    kept_engine.start()


def test_an_engine_that_dies_interrupts_what_ran_and_the_line_goes_on(
    world: World, kept_engine: PrivateEngine, full: bool
) -> None:
    """Row 4. Its next start ends what goes on: politely first, and hard ten seconds later."""
    first, second = world.queue("first", ENDLESS), world.queue("second")
    supervisor = world.supervise()
    world.wait_begun(first)
    kept_engine.kill()
    share = cpu_share(supervisor.process, 30 if full else 5)
    assert share < 0.05, f"it waits for the engine with {share:.1%} of a processor"
    print(f"waits for the engine with {share:.1%} of a processor")
    assert world.shop.row("first")["state"] == "unknown"
    kept_engine.start()
    world.wait_ended()
    assert world.outcome(first) == Interrupted("engine", "its container was stopped from outside")
    assert world.outcome(second) == Completed()
    check_invariants(world)


def test_an_engine_that_keeps_its_containers_changes_nothing_by_a_restart(
    world: World, restoring: PrivateEngine, full: bool
) -> None:
    """Row 5."""
    restarts = (restoring.kill, restoring.terminate) if full else (restoring.kill,)
    first, _ = world.queue("first", Agent(lines=400 * len(restarts), pause=0.02)), world.queue("second")
    world.supervise()
    world.wait_begun(first)
    until(lambda: "session_started" in world.kinds(first), 20)
    handle = handle_of(world.get(first).status)
    for restart in restarts:
        restart()
        restoring.start(live_restore=True)
    assert isinstance(handle, ContainerHandle)
    assert world.shop.container(first).id == handle.container_id
    world.wait_ended()
    check_invariants(world, completed=True)


def test_an_engine_that_hangs_is_unknown_and_everything_goes_on_after_it(
    world: World, kept_engine: PrivateEngine, full: bool
) -> None:
    """Row 6."""
    world.rule(max_running=2)
    first = world.queue("first", Agent(lines=100, pause=0.05))
    supervisor = world.supervise()
    world.wait_begun(first)
    kept_engine.signal(signal.SIGSTOP)
    try:
        second = world.queue("second")
        with measured() as ls:
            rows = {row["task"]: row for row in world.shop.rows()}
        assert (rows["first"]["state"], rows["second"]["state"]) == ("unknown", "queued")
        assert ls[0] < 6, f"`sc ls` took {ls[0]:.1f} s"

        def gave_up() -> bool:
            with measured() as asked:
                health = supervisor.ask("health")
            assert asked[0] < 1, "it does not answer while it waits for the engine"
            return "does not answer" in health["loop"]["waits_because"]

        until(gave_up, 14, every=0.1, what="it to give the engine up")
        share = cpu_share(supervisor.process, 55 if full else 3)
        assert share < 0.05, f"it waits for the engine with {share:.1%} of a processor"
        print(f"`sc ls` took {ls[0]:.1f} s; waits with {share:.1%} of a processor")
    finally:
        kept_engine.signal(signal.SIGCONT)
    world.wait_ended(first, second)
    check_invariants(world, completed=True)
