"""Row 16: SIGTERM, with work at hand: nothing more begins, nothing is lost, and it is gone in time."""

from __future__ import annotations

import os

import pytest

from scopecraft.model.session import Completed, Killed, Queued, Running
from scopecraft.sessions.kept_request import request_dict
from tests.support.faults import HELD, QUICK, Agent, World, check_invariants
from tests.support.played import measured
from tests.support.wait import until

pytestmark = [pytest.mark.engine, pytest.mark.image]

GRACE_SECONDS = 20  # the setting's default


def test_what_runs_runs_on_and_what_waits_still_waits(world: World) -> None:
    running = [world.queue(f"runs-{number}", HELD) for number in range(3)]
    waiting = [world.queue(f"waits-{number}") for number in range(5)]
    supervisor = world.supervise()
    world.wait_begun(*running)
    until(lambda: all("session_started" in world.kinds(each) for each in running), 20)
    supervisor.terminate()
    with measured() as took:
        assert supervisor.wait_gone() == 0
    assert took[0] < GRACE_SECONDS
    print(f"gone after {took[0]:.1f} s")
    waiting.append(world.queue("late"))
    assert {type(world.get(each).status) for each in running} == {Running}
    assert {type(world.get(each).status) for each in waiting} == {Queued}
    assert {each.status for each in world.shop.containers()} == {"running"}
    world.come_back()
    world.release(*running)
    world.wait_ended()
    check_invariants(world, completed=True)


def test_while_it_leaves_new_work_is_taken_into_the_line_and_a_second_sigterm_ends_it_at_once(world: World) -> None:
    world.shop.home.settings_file.write_text('[setup]\ncommands = ["sleep 4"]\n')
    first = world.queue("first")
    supervisor = world.supervise()
    until(lambda: "session_starting" in world.kinds(first), 30)
    supervisor.terminate()
    until(lambda: supervisor.ask("health")["is_leaving"])
    answer = supervisor.ask("run", {"request": request_dict(world.request("second")), "environ": dict(os.environ)})
    assert (answer["place"], answer["because"]) == (1, "the supervisor is leaving")
    world.agents[answer["session"]["id"]] = QUICK
    supervisor.terminate()
    with measured() as took:
        assert supervisor.wait_gone() == 0
    assert took[0] < 1
    assert "session_started" not in world.kinds(first)
    world.come_back()
    world.wait_ended()
    check_invariants(world, completed=True)


def test_with_the_setting_it_takes_what_runs_down_with_it_all_at_once(world: World) -> None:
    settings = '[container]\nstop_grace = 4\n[supervisor]\non_down = "stop"\ngrace = 11\n'
    world.shop.home.settings_file.write_text(settings)
    world.rule(max_running=3)
    deaf = Agent(lines=100_000, before="trap '' TERM")  # each takes its whole grace
    running = [world.queue(f"deaf-{number}", deaf) for number in range(3)]
    waiting = world.queue("waiting")
    supervisor = world.supervise()
    world.wait_begun(*running)
    supervisor.terminate()
    assert supervisor.wait_gone() == 0
    assert [world.outcome(each) for each in running] == [Killed("sc down")] * 3
    assert isinstance(world.get(waiting).status, Queued)
    world.come_back()
    world.wait_ended()
    assert world.outcome(waiting) == Completed()
    check_invariants(world)
