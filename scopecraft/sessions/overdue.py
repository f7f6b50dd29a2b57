"""What outlives its time limit: the shell in a container that keeps the limit can be held up by the agent.

A call of a model keeps its own, and can be held up by whoever may send it a signal.
"""

from __future__ import annotations

from scopecraft.errors import StateUnreadable
from scopecraft.model.event import Alert
from scopecraft.model.launch import Limits
from scopecraft.model.session import Session
from scopecraft.sessions.folder import SessionFolder
from scopecraft.sessions.settle_facts import boot_id, load_facts, uptime
from scopecraft.sessions.visiting import is_abandoned

ALLOWANCE_SECONDS = 300  # for a slow start and for reading out the commits, on a busy machine
OVERDUE = Alert("overdue", "its time limit did not end it from inside, so it was ended from outside")


def is_overdue(seconds: float, limits: Limits) -> bool:
    """Whether one that began so long ago ought to be over, its end and its last act included."""
    return seconds > limits.timeout_seconds + limits.stop_grace_seconds + ALLOWANCE_SECONDS


def is_overdue_now(folder: SessionFolder) -> bool:
    """By the time since boot, which no change of the clock touches; never of one whose beginning is not known."""
    try:
        facts = load_facts(folder)
    except StateUnreadable:
        return False
    if facts.limits is None or not facts.began_uptime or facts.boot_id != boot_id():
        return False
    return is_overdue(uptime() - facts.began_uptime, facts.limits)


def must_end(session: Session, folder: SessionFolder) -> bool:
    """Whether a container or a call of a model that lives has no right to any more; a window of this machine has."""
    if not session.is_contained and session.executor != "process":
        return False
    return is_abandoned(session, folder) or is_overdue_now(folder)
