"""The queue: who waits for a slot, and what rules over it. Sessions that wait are `Queued`; dispatch never waits."""

from __future__ import annotations

from dataclasses import dataclass

from scopecraft.model.session import Session

DEFAULT_RUNNING = 3
DEFAULT_WAITING = 10


@dataclass(frozen=True, slots=True)
class QueueRules:
    """What a person, or the queue itself, has decided about it; survives restarts. Times are ISO 8601."""

    max_running: int = DEFAULT_RUNNING
    max_waiting: int = DEFAULT_WAITING  # of new requests; what continues a mission is never refused
    is_paused: bool = False
    paused_because: str = ""  # one sentence; empty when a person paused it
    stops_on_failure: bool = False
    parked_until: str | None = None  # a provider's limit is used up until then
    parked_because: str = ""


@dataclass(frozen=True, slots=True)
class QueueItem:
    """A session that waits, with its place: 1 is the next one."""

    session: Session
    place: int
    is_new: bool = True  # False for what continues a mission that has begun


@dataclass(frozen=True, slots=True)
class Occupancy:
    """Who counts where an autonomous session asks to begin: visits and dispatch sessions do not."""

    running: int  # starting, running or waiting for a person
    waiting: int  # everything in line
    waiting_new: int  # in line, and not the continuation of a mission
