"""May a session begin? One decision, and what stands in the way is named in a fixed order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from scopecraft.errors import QueueFull, StorageFailed
from scopecraft.model.queue import Occupancy, QueueRules
from scopecraft.queueing.admission import (
    MIB,
    Floors,
    below_floor,
    may_begin_now,
    may_next_begin,
    require_floors,
    require_place,
)

Mend = Callable[[Occupancy, QueueRules, Floors], tuple[Occupancy, QueueRules, Floors]]
NOW = "2026-03-01T10:00:00.000Z"
LATER = "2026-03-01T12:00:00.000Z"
PLENTY = Floors(free_disk=100 * MIB, disk_floor=10 * MIB, free_memory=100 * MIB, memory_floor=10 * MIB)
FREE = Occupancy(running=0, waiting=0, waiting_new=0)
RULES = QueueRules(max_running=3, max_waiting=2)


def test_nothing_in_the_way_is_a_turn() -> None:
    assert may_begin_now(FREE, RULES, PLENTY, NOW) is None
    assert may_next_begin(replace(FREE, running=2), RULES, PLENTY, NOW) is None


def test_what_comes_now_stands_behind_what_waits_even_while_a_slot_is_free() -> None:
    waits = replace(FREE, waiting=1)
    found = may_begin_now(waits, RULES, PLENTY, NOW)
    assert found is not None
    assert (found.obstacle, found.because) == ("line", "1 session before it")
    assert may_next_begin(waits, RULES, PLENTY, NOW) is None


def test_obstacles_are_named_in_the_order_in_which_a_person_would_mend_them() -> None:
    occupancy = Occupancy(running=3, waiting=4, waiting_new=4)
    rules = replace(RULES, is_paused=True, paused_because="fix-login failed", parked_until=LATER, parked_because="used")
    floors = replace(PLENTY, free_disk=9 * MIB, free_memory=9 * MIB)
    seen = []
    mend: tuple[Mend, ...] = (
        lambda o, r, f: (replace(o, waiting=0), r, f),
        lambda o, r, f: (o, replace(r, is_paused=False), f),
        lambda o, r, f: (o, replace(r, parked_until=NOW), f),
        lambda o, r, f: (replace(o, running=2), r, f),
        lambda o, r, f: (o, r, replace(f, free_disk=10 * MIB)),
        lambda o, r, f: (o, r, replace(f, free_memory=10 * MIB)),
    )
    for mended in mend:
        found = may_begin_now(occupancy, rules, floors, NOW)
        assert found is not None
        seen.append((found.obstacle, found.because))
        occupancy, rules, floors = mended(occupancy, rules, floors)
    assert may_begin_now(occupancy, rules, floors, NOW) is None
    assert seen == [
        ("line", "4 sessions before it"),
        ("paused", "the queue is paused: fix-login failed"),
        ("parked", f"the queue waits until {LATER}: used"),
        ("slots", "3 of 3 run"),
        ("disk", "9 MiB of disk are free, and no session starts below 10 MiB"),
        ("memory", "9 MiB of memory are free, and no session starts below 10 MiB"),
    ]


def test_a_queue_parks_until_its_moment_and_not_beyond() -> None:
    rules = replace(RULES, parked_until=LATER)
    assert may_next_begin(FREE, rules, PLENTY, "2026-03-01T11:59:59.999Z") is not None
    assert may_next_begin(FREE, rules, PLENTY, LATER) is None


def test_more_than_may_run_is_no_reason_to_start_another() -> None:
    assert may_next_begin(replace(FREE, running=5), RULES, PLENTY, NOW) is not None


def test_a_dispatch_session_heeds_the_floors_alone() -> None:
    assert below_floor(PLENTY) is None
    require_floors(PLENTY)
    with pytest.raises(StorageFailed, match="memory") as refused:
        require_floors(replace(PLENTY, free_memory=0))
    assert "queue.memory_floor" in refused.value.hint
    with pytest.raises(StorageFailed, match="disk") as refused:
        require_floors(replace(PLENTY, free_disk=0))
    assert "worktrees.free_floor" in refused.value.hint


def test_a_full_queue_names_its_limits() -> None:
    require_place(Occupancy(3, 1, 1), RULES, is_new=True)
    with pytest.raises(QueueFull, match="3 of 3 run, 2 of 2 wait") as refused:
        require_place(Occupancy(3, 2, 2), RULES, is_new=True)
    assert refused.value.exit_code == 3


def test_what_goes_on_with_a_mission_always_finds_a_place_and_takes_none_from_new_ones() -> None:
    require_place(Occupancy(3, 9, 2), RULES, is_new=False)
    require_place(Occupancy(3, 9, 1), RULES, is_new=True)
    with pytest.raises(QueueFull):
        require_place(FREE, replace(RULES, max_waiting=0), is_new=True)
