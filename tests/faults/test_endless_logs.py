"""Row 19: a log of a gigabyte and one line of 50 MB: the supervisor stays small and goes on answering."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from scopecraft.model.session import Completed
from tests.support.faults import QUICK, Agent, World, check_invariants
from tests.support.played import measured
from tests.support.supervisors import Supervisor
from tests.support.wait import until

pytestmark = [pytest.mark.engine, pytest.mark.image]

MOST_MEGABYTES = 50  # that it may grow
LINE_BYTES = 50_000_000
UNTIL_TOLD = "until [ -e /mission/artifacts/end ]; do sleep 0.05; done"


def peak_megabytes(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM"))


def activity(supervisor: Supervisor, session_id: str) -> dict[str, Any]:
    found: dict[str, Any] = supervisor.ask("activities").get(session_id) or {"offset": 0, "last_message": ""}
    return found


def wait_read(supervisor: Supervisor, session_id: str, size: int, longest: list[float]) -> None:
    """Until it knows that much; how long other requests took meanwhile goes into `longest`."""

    def is_read() -> bool:
        with measured() as took:
            offset = activity(supervisor, session_id)["offset"]
        longest.append(took[0])
        return bool(offset == size)

    until(is_read, 120, every=0.02, what=f"{size} bytes to be read: {activity(supervisor, session_id)}")


def test_a_gigabyte_and_a_line_of_50_mb_take_little_memory_and_hold_nobody_up(world: World, full: bool) -> None:
    megabytes = 1000 if full else 100
    world.shop.home.settings_file.write_text('[container]\noutput_limit = "2g"\n')
    long = f"yes \"$(head -c 999 /dev/zero | tr '\\0' x)\" | head -c {megabytes}000000"
    one_line = f"head -c {LINE_BYTES} /dev/zero | tr '\\0' y; echo; echo after all of it"
    agent = Agent(lines=0, before=f"{long}; {one_line}; {UNTIL_TOLD}")
    small = world.queue("small", Agent(lines=400, pause=0.02))
    supervisor = world.supervise()
    world.wait_begun(small)
    until(lambda: activity(supervisor, small)["offset"], 20, what="the small one to be followed")
    before = peak_megabytes(supervisor.pid)

    big = world.queue("big", agent)
    world.wait_begun(big)
    size = megabytes * 1_000_000 + LINE_BYTES + len("\nafter all of it\n")
    stream, asked = world.shop.path(big) / "stream.jsonl", list[float]()
    wait_read(supervisor, big, size, asked)
    assert stream.stat().st_size == size
    assert activity(supervisor, big)["last_message"] == "after all of it"
    grown = peak_megabytes(supervisor.pid) - before
    assert grown < MOST_MEGABYTES, f"it grew by {grown} MB"

    supervisor.kill()
    began = time.monotonic()
    again = world.come_back()
    wait_read(again, big, size, asked)
    took = time.monotonic() - began
    peak = peak_megabytes(again.pid)
    assert peak - before < MOST_MEGABYTES, f"another one took {peak} MB, and the first {before} before the long log"
    (folder,) = world.shop.home.missions_active.glob(f"{world.get(big).mission_id}--*")
    (folder / "artifacts" / "end").touch()
    quick = world.queue("quick", QUICK)
    world.wait_ended()
    assert {world.outcome(each) for each in (small, big, quick)} == {Completed()}
    del world.agents[big]
    check_invariants(world, completed=True)
    print(
        f"{size / 1e6:.0f} MB: the supervisor grew by {grown} MB; another one read all of it in {took:.1f} s from its "
        f"start, {size / 1e6 / took:.0f} MB/s; other requests took {max(asked) * 1000:.0f} ms at most, "
        f"{sorted(asked)[len(asked) // 2] * 1000:.0f} ms usually ({len(asked)} of them)"
    )
