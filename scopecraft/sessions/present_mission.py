"""The mission that a task names already, and what speaks against another session of it. Light to import."""

from __future__ import annotations

from scopecraft.config.projects import Project
from scopecraft.errors import AlreadyRunning, NotFound, Refused
from scopecraft.missions.finding import find_mission
from scopecraft.missions.trash import refuse_half_removed
from scopecraft.model.mission import Mission
from scopecraft.model.naming import check_title, slug_of
from scopecraft.model.session import Queued, Session, is_live
from scopecraft.sessions.context import Context
from scopecraft.sessions.request import StartRequest
from scopecraft.worktrees.repository import Repository, resolve_base


def would_begin(context: Context, request: StartRequest, project: Project, repository: Repository) -> Mission | None:
    """The mission that the request's task names, None where one is to be made; makes nothing.

    Raises Refused where a session of it lives, or where it began otherwise than the request says, and NotFound where a
    step has lost its mission: another one is not made for it.
    """
    mission = find_mission(context.home, check_title(request.task), project.name, partial=False)
    if mission is not None and request.task_file is not None and mission.slug != slug_of(request.task):
        return None  # it has the suffix of another task
    if mission is None and request.step is not None:
        raise NotFound(
            f"the mission {request.task} is not there any more, and nothing begins its step {request.step.step_id}",
            f"bring it back: sc restore {request.task}",
        )
    if mission is not None:
        refuse_half_removed(context.home, mission)
        refuse_frozen(mission)
        refuse_while_alive(context, mission, asks=request)
        _refuse_another_beginning(mission, request, repository)
    return mission


def refuse_frozen(mission: Mission) -> None:
    if mission.is_frozen:
        raise Refused(
            f"{mission.slug} is complete, and frozen as it was",
            f"go on with it: sc mission reopen {mission.slug}   or choose another task name",
        )


def refuse_while_alive(context: Context, mission: Mission, *, asks: StartRequest | None = None) -> None:
    """Raises AlreadyRunning; a session that ended unseen is settled first. `asks` is who may live beside others."""
    for session in context.store.live_of(mission.id):
        if asks is not None and _may_live_beside(asks, session):
            continue
        from scopecraft.sessions.settle import settle  # much to import, and seldom needed here

        session = settle(context, session.id)
        if isinstance(session.status, Queued):
            raise AlreadyRunning(
                f"{mission.slug} waits in the queue: {session.id}",
                f"see its place: sc queue   take it out: sc queue remove {session.task}",
            )
        if is_live(session.status):
            raise AlreadyRunning(
                f"a session of {mission.slug} is {session.status.kind}: {session.id}",
                f"go to it: sc attach {session.task}   or end it: sc stop {session.task}",
            )


def _may_live_beside(request: StartRequest, session: Session) -> bool:
    """Itself, and another step where both only read the worktree."""
    if request.admission is not None and request.admission.session_id == session.id:
        return True
    step = request.step
    if step is None or step.step_id == session.step_id:
        return False
    return step.workspace == "document" and session.workspace == "document"


def _refuse_another_beginning(mission: Mission, request: StartRequest, repository: Repository) -> None:
    """What only a new mission can take must not be ignored without a word. Raises NotFound for an unknown base."""
    if request.base is not None and resolve_base(repository, request.base).commit != mission.base:
        raise Refused(
            f"{mission.slug} is there already and began at {mission.base[:12]}, not at {request.base}",
            "leave --base out, or choose a new task name",
        )
    if request.type is not None and request.type != mission.type:
        raise Refused(
            f"{mission.slug} is there already, as a {mission.type}", "leave --type out, or choose a new task name"
        )
