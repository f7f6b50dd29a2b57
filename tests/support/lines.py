"""Sessions that wait in line, as the store holds them; nothing of them begins."""

from __future__ import annotations

from scopecraft.model.queue import Occupancy, QueueRules
from scopecraft.model.session import Queued, Session
from scopecraft.state.store import Store
from tests.support.sessions import AT, LATER, a_mission_id, a_session, ended


def _anybody(_occupancy: Occupancy, _rules: QueueRules) -> None:
    """May stand there."""


def in_line(store: Store, *tasks: str) -> list[Session]:
    """In this order."""
    made = [a_session(task=task, status=Queued(AT), mission_id=a_mission_id()) for task in tasks]
    return [store.queue.enqueue(each, AT, _anybody).session for each in made]


def over(store: Store, **changes: object) -> Session:
    """One that has ended, and says what it used."""
    made = store.create(a_session(**{"mission_id": a_mission_id(), **changes}), AT)
    used = {"outcome": "completed", "input_tokens": 10, "output_tokens": 3, "cost_usd": 0.5}
    moved = store.move(made.id, ended(), "session_ended", LATER, data=used)
    assert moved is not None
    return moved
