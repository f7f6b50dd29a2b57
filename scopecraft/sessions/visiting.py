"""Of a visit: how its container is told to end, and whether somebody is still there. Light: `sc ls` asks."""

from __future__ import annotations

from pathlib import Path

from scopecraft.atomic import file_lock
from scopecraft.errors import LockHeld, StorageFailed
from scopecraft.missions.advance import VISIT_STEP
from scopecraft.model.session import Session
from scopecraft.sessions.folder import SessionFolder

LEFT = "left"  # in launch/, which the container reads and cannot write: the exit code of the person's command
GONE = 129  # that of a visit whose terminal went away
ABANDONED = "the end of the terminal that it belonged to"
RECORD_BYTES = 16 * 1024**2


def visitor_lock(folder: SessionFolder) -> Path:
    return folder.path / "visitor.lock"


def is_abandoned(session: Session, folder: SessionFolder) -> bool:
    """Whether a visit's own container is there and its visitor is not: killed, or cut off with the machine's login."""
    if session.step_id != VISIT_STEP:
        return False
    try:
        with file_lock(visitor_lock(folder), timeout=0):
            return True
    except (LockHeld, StorageFailed):
        return False
