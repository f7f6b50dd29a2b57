"""What processes of their own do to the line of a store, for tests of many at once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from scopecraft.errors import AlreadyRunning, QueueFull, TurnLost
from scopecraft.model.queue import Occupancy, QueueRules
from scopecraft.model.session import Queued, Session, Starting
from scopecraft.queueing.admission import require_place
from scopecraft.state.store import Store
from tests.support.sessions import AT, LATER, a_session


def guard(occupancy: Occupancy, rules: QueueRules) -> None:
    require_place(occupancy, rules, is_new=True)


def no_more_than_allowed(occupancy: Occupancy, rules: QueueRules) -> None:
    if occupancy.running >= rules.max_running:
        raise TurnLost("no slot is free")


def waiting(task: str) -> Session:
    return a_session(task=task, branch="", worktree="", status=Queued(AT))


def submit_some(home: Path, tasks: list[str]) -> list[str]:
    """Enqueue a session for each task; the ids of those that were accepted."""
    accepted = []
    with Store.open(home) as store:
        for task in tasks:
            try:
                accepted.append(store.queue.enqueue(waiting(task), AT, guard).session.id)
            except (QueueFull, AlreadyRunning):
                continue
    return accepted


def begin_all(home: Path, fence: int) -> list[str]:
    """Begin whatever waits, as one of many that saw the same line; the ids of those that this one began."""
    begun = []
    with Store.open(home) as store:
        for item in store.line():
            starting = replace(item.session, status=Starting(LATER))
            try:
                if store.queue.begin(starting, LATER, no_more_than_allowed, fence):
                    begun.append(item.session.id)
            except TurnLost:
                continue
    return begun
