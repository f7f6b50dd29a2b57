"""The mission that a task names already, and what speaks against another session of it. Light to import."""

from __future__ import annotations

from scopecraft.config.projects import Project
from scopecraft.errors import AlreadyRunning, Refused
from scopecraft.missions.finding import find_mission
from scopecraft.missions.trash import refuse_half_removed
from scopecraft.model.mission import Mission
from scopecraft.model.naming import check_title
from scopecraft.model.session import Queued, is_live
from scopecraft.sessions.context import Context
from scopecraft.sessions.request import StartRequest
from scopecraft.worktrees.repository import Repository, resolve_base


def would_begin(context: Context, request: StartRequest, project: Project, repository: Repository) -> Mission | None:
    """The mission that the request's task names, None where one is to be made; makes nothing.

    Raises Refused where a session of it lives, or where it began otherwise than the request says.
    """
    mission = find_mission(context.home, check_title(request.task), project.name, partial=False)
    if mission is not None:
        refuse_half_removed(context.home, mission)
        refuse_while_alive(context, mission, but=request.admission.session_id if request.admission else None)
        _refuse_another_beginning(mission, request, repository)
    return mission


def refuse_while_alive(context: Context, mission: Mission, *, but: str | None = None) -> None:
    """Raises AlreadyRunning; a session that ended unseen is settled first. `but` is one that may live: who asks."""
    session = context.store.latest_of(mission.id)
    if session is not None and session.id != but and is_live(session.status):
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
