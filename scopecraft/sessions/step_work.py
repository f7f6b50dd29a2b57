"""Which step a session is for, and the id that may have been reserved for it."""

from __future__ import annotations

from scopecraft.errors import AlreadyRunning, StateUnreadable
from scopecraft.missions.advance import ASIDE_STEP, VISIT_STEP, WORK_STEP
from scopecraft.model.mission import Mission
from scopecraft.sessions.context import Context
from scopecraft.sessions.request import StartRequest


def step_of(request: StartRequest, mission: Mission | None) -> str:
    """The step's id: that of the request; else the work of a mission that has no other, or something beside it."""
    if request.visitor is not None:
        return VISIT_STEP
    if request.step is not None:
        return request.step.step_id
    return ASIDE_STEP if mission is not None and mission.steps else WORK_STEP


def refuse_recorded(context: Context, session_id: str) -> None:
    """Raises AlreadyRunning where somebody else has begun the session that the id was reserved for.

    Raises StateUnreadable where one has, and its record is lost: what an agent left in its folder is not cleared away.
    """
    session = context.store.get(session_id)
    if session is not None:
        raise AlreadyRunning(f"{session.task} has that session already: {session.id}", f"see it: sc show {session.id}")
    folder = context.folder(session_id)
    if folder.facts.exists():  # written when there is a record, before anything of it runs
        raise StateUnreadable(
            f"{session_id} has begun, and the database has lost it; what it did is in {folder.path}",
            "take from there what you need; sc mission retry begins the step anew",
        )
