"""May a session begin? One decision for every way to start: `sc run`, the queue, retry, resume, a mission's next step.

Pure. A dispatch session asks only for the floors.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from scopecraft.errors import QueueFull, StorageFailed
from scopecraft.model.queue import Occupancy, QueueRules

MIB = 1024**2
Obstacle = Literal["paused", "parked", "line", "slots", "disk", "memory"]


@dataclass(frozen=True, slots=True)
class Floors:
    """What the machine has left, in bytes, and below what nothing begins."""

    free_disk: int
    disk_floor: int
    free_memory: int
    memory_floor: int


@dataclass(frozen=True, slots=True)
class Wait:
    """Not now; `because` is a sentence for a person."""

    obstacle: Obstacle
    because: str


def may_begin_now(occupancy: Occupancy, rules: QueueRules, floors: Floors, now: str) -> Wait | None:
    """For a request that has just come: None when it need not stand in line. `now` is ISO 8601."""
    if occupancy.waiting:
        return Wait("line", f"{_sessions(occupancy.waiting)} before it")
    return may_next_begin(occupancy, rules, floors, now)


def may_next_begin(occupancy: Occupancy, rules: QueueRules, floors: Floors, now: str) -> Wait | None:
    """For the one that stands first: None when it is its turn."""
    if rules.is_paused:
        why = f": {rules.paused_because}" if rules.paused_because else ""
        return Wait("paused", f"the queue is paused{why}")
    if is_parked(rules, now):
        return Wait("parked", f"the queue waits until {rules.parked_until}: {rules.parked_because}")
    if occupancy.running >= rules.max_running:
        return Wait("slots", f"{occupancy.running} of {rules.max_running} run")
    return below_floor(floors)


def below_floor(floors: Floors) -> Wait | None:
    """What not even a dispatch session may begin below."""
    if floors.free_disk < floors.disk_floor:
        return Wait("disk", _low("disk", floors.free_disk, floors.disk_floor))
    if floors.free_memory < floors.memory_floor:
        return Wait("memory", _low("memory", floors.free_memory, floors.memory_floor))
    return None


def require_floors(floors: Floors) -> None:
    """Raises StorageFailed."""
    low = below_floor(floors)
    if low is not None:
        is_disk = low.obstacle == "disk"
        what, setting = ("space", "worktrees.free_floor") if is_disk else ("memory", "queue.memory_floor")
        raise StorageFailed(low.because, f"free some {what}, or change {setting}")


def require_place(occupancy: Occupancy, rules: QueueRules, *, is_new: bool) -> None:
    """Raises QueueFull where as many new requests wait as may; what continues a mission always finds a place."""
    if is_new and occupancy.waiting_new >= rules.max_waiting:
        raise QueueFull(
            f"the queue is full: {occupancy.running} of {rules.max_running} run,"
            f" {occupancy.waiting_new} of {rules.max_waiting} wait",
            "wait for one to end, take one out: sc queue remove TASK   or raise it: sc queue limit --waiting N",
        )


def is_parked(rules: QueueRules, now: str) -> bool:
    return rules.parked_until is not None and now < rules.parked_until


def _low(what: str, free: int, floor: int) -> str:
    return f"{free // MIB} MiB of {what} are free, and no session starts below {floor // MIB} MiB"


def _sessions(count: int) -> str:
    return f"{count} session{'' if count == 1 else 's'}"
