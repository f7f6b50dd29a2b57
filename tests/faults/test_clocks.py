"""Row 15: the clock jumps an hour either way, and summer time ends; what runs and what waits does not mind."""

from __future__ import annotations

import json
import re
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scopecraft.model.session import Completed, TimedOut
from scopecraft.sessions.enqueueing import enqueue
from tests.support.clocks import Clock, a_clock
from tests.support.faults import Agent, World, check_invariants
from tests.support.wait import until

pytestmark = [pytest.mark.engine, pytest.mark.image, pytest.mark.tmux]

HOUR = 3600
# as in Berlin, without a file that a machine may lack
ZONE = "CET-1CEST,M3.5.0,M10.5.0/3"
SUMMER_ENDS = datetime(2026, 10, 25, 1, 0, 0, tzinfo=UTC)


@pytest.fixture
def faked(clean_environment: Path) -> Clock:
    return a_clock(clean_environment / "clock", ZONE)


def limited(world: World, task: str, agent: Agent, seconds: int) -> str:
    context = world.context
    with context.store:
        session_id = enqueue(context, replace(world.request(task, agent), timeout_seconds=seconds)).session.id
    world.agents[session_id] = agent
    return session_id


def negative(text: str) -> list[str]:
    """Lengths of time below nothing, wherever a person or a script would read them."""
    return re.findall(r"(?<![\w-])-\d+(?:\.\d+)?(?:s|m|h|d)?\b(?![-:.]\d)", text)


def check_told(world: World, faked: Clock) -> None:
    """Whatever the clock says, nothing that is shown lasted less than nothing, and events stand in their order."""
    for words in (["ls", "--all"], ["queue"], ["show", "long"], ["show", "window"], ["status"]):
        said = world.shop.sc(*words, **faked.environ)
        assert said.code == 0, said.err
        assert not negative(said.out), said.out
    events = world.shop.sc("events", "--json", **faked.environ)
    assert events.code == 0, events.err
    seqs = [json.loads(line)["seq"] for line in events.out.splitlines()]
    assert seqs == sorted(seqs) and seqs
    with world.store() as store:
        for event in store.events():
            for name, value in event.data.items():
                assert not isinstance(value, int | float) or value >= 0, (event.kind, name, value)


def check_jumped(world: World) -> None:
    """Else the test has proved nothing."""
    with world.store() as store:
        began = next(event.seq for event in store.events() if event.kind == "supervisor_started")
        shown = [datetime.fromisoformat(event.at) for event in store.events(after=began)]
    shown = [moment for moment in shown if abs(moment - SUMMER_ENDS) < timedelta(hours=2)]
    assert max(shown) - min(shown) > timedelta(minutes=59)
    assert min(shown) < SUMMER_ENDS < max(shown)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "hours" in metafunc.fixturenames:
        metafunc.parametrize("hours", (-1, 1) if metafunc.config.getoption("--full") else (-1,))


def test_a_clock_that_jumps_ends_nothing_and_keeps_nothing_alive(world: World, faked: Clock, hours: int) -> None:
    """It jumps one way and later the other, and summer time ends meanwhile."""
    settings = '[limits]\ntime = "40s"\non_limit = "stop"\nstall_after = "5s"\n'
    world.shop.home.settings_file.write_text(settings + "[container]\nstop_grace = 1\n")
    world.rule(max_running=3)
    away = int(SUMMER_ENDS.timestamp() - time.time()) - 8
    faked.jump(away)
    long = limited(world, "long", Agent(lines=200, pause=0.05), 30)
    endless = limited(world, "endless", Agent(lines=100_000, pause=0.05), 8)
    silent = world.queue("silent", Agent(lines=1, before='touch "$HOME/record"', after="sleep 600"))
    waiting = [world.queue("waits-0")]
    world.supervise(**faked.environ)
    world.wait_begun(long, endless, silent)
    assert world.shop.sc("dispatch", "window", "--agent", "plain", "--", "sleep", "600", **faked.environ).code == 0
    window = world.shop.session("window").id
    faked.jump(away + hours * HOUR)
    waiting.append(world.queue("waits-1"))
    check_told(world, faked)
    began = time.monotonic()
    world.wait_ended(endless, seconds=8 + 1 + 15)
    until(lambda: world.shop.alerts(silent), 20, what="the stall to be told")
    print(f"after the jump a time limit of 8 s and a stall of 5 s were kept within {time.monotonic() - began:.1f} s")
    faked.jump(away)
    world.wait_ended(long, *waiting)

    assert world.outcome(endless) == TimedOut(8)
    assert [world.outcome(each) for each in (long, *waiting)] == [Completed()] * 3
    assert world.get(window).status.kind in ("running", "waiting")
    assert {each: world.shop.alerts(each) for each in (long, endless, window)} == {long: [], endless: [], window: []}
    assert world.shop.alerts(silent) == ["limit_stall_reached"]
    check_told(world, faked)
    check_jumped(world)
    for session_id in (window, silent):
        assert world.shop.sc("stop", session_id, "--now").code == 0
    check_invariants(world)
