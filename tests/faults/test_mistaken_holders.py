"""Rows 17 and 23: who holds the home is told by its lock, its fence and its start time, never by a number alone."""

from __future__ import annotations

import signal
import sqlite3
from contextlib import closing

import pytest

from scopecraft.model.handle import WindowHandle
from scopecraft.model.session import Interrupted, handle_of
from scopecraft.state.store import DATABASE
from scopecraft.supervisor import client
from scopecraft.supervisor.holder import lock_path, read_holder
from tests.support.faults import World, check_invariants
from tests.support.pids import process_of_pid
from tests.support.supervisors import Supervisor
from tests.support.wait import until

pytestmark = [pytest.mark.engine, pytest.mark.image]


def stop_at_rest(world: World, supervisor: Supervisor) -> None:
    """Not in the middle of a write, which would keep everybody from the database."""

    def stopped() -> bool:
        supervisor.signal(signal.SIGSTOP)
        with closing(sqlite3.connect(world.shop.home.root / DATABASE, timeout=0.05)) as database:
            try:
                database.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                supervisor.signal(signal.SIGCONT)
                return False
        return True

    until(stopped, what="it to write nothing")


def test_one_that_stood_still_while_another_took_the_home_over_starts_nothing_more(world: World, full: bool) -> None:
    world.rule(is_paused=True)
    count = 30 if full else 6
    world.rule(max_waiting=count)
    for number in range(count):
        world.queue(f"task-{number}")
    former = world.supervise()
    stop_at_rest(world, former)
    refused = world.shop.sc("serve")
    assert refused.code == 3
    assert f"pid {former.pid}" in refused.err
    lock_path(world.shop.home).unlink()  # else nobody could
    world.come_back()
    world.rule(is_paused=False)
    former.signal(signal.SIGCONT)
    assert former.wait_gone() == 3
    world.wait_ended()
    check_invariants(world, completed=True)


def test_a_process_with_the_number_of_a_dead_supervisor_is_not_it(world: World) -> None:
    former = world.supervise()
    former.kill()
    with process_of_pid(former.pid) as other:
        holder = read_holder(world.shop.home)
        assert holder is not None and holder.pid == other.pid
        assert not client.is_up(world.shop.home)
        assert world.shop.sc("status").code == 3
        assert world.shop.sc("down").code == 0
        world.queue("first")
        world.come_back()
        world.wait_ended()
        assert other.poll() is None
    check_invariants(world, completed=True)


@pytest.mark.tmux
def test_a_process_with_the_number_of_a_windows_agent_is_not_it(world: World) -> None:
    assert world.shop.dispatch("first", "sleep 600").code == 0
    session = world.shop.session("first")
    handle = handle_of(session.status)
    assert isinstance(handle, WindowHandle)
    world.end_tmux()
    with process_of_pid(handle.pane_pid) as other:
        world.supervise()
        world.wait_ended(seconds=10)
        outcome = world.outcome(session.id)
        assert isinstance(outcome, Interrupted) and outcome.cause == "tmux"
        assert world.shop.sc("stop", session.id).code in (0, 3)
        assert other.poll() is None
    check_invariants(world)
