"""Row 18: a container without memory, whoever in it was killed, is told as that by the engine's word."""

from __future__ import annotations

import pytest

from scopecraft.model.session import Completed, Failed
from tests.support.faults import Agent, World, check_invariants

pytestmark = [pytest.mark.engine, pytest.mark.image]

EAT = 'python3 -c "b = [bytearray(2**20) for _ in range(300)]"'


def test_want_of_memory_is_told_and_the_line_goes_on(world: World) -> None:
    world.shop.home.settings_file.write_text('[container]\nmemory = "96m"\n')
    world.rule(max_running=1)
    killed, lived_on, well = (
        world.queue("agent-is-killed", Agent(after=f"exec {EAT}")),
        world.queue("child-is-killed", Agent(after=EAT)),
        world.queue("well"),
    )
    world.supervise()
    world.wait_ended()
    for session_id in (killed, lived_on):
        outcome = world.outcome(session_id)
        assert isinstance(outcome, Failed) and "ran out of memory" in outcome.reason, outcome
        assert (world.shop.path(session_id) / "stream.jsonl").read_bytes() == world.agents[session_id].writes(
            session_id
        )
    assert world.outcome(well) == Completed()
    check_invariants(world)
