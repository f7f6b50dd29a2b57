"""A request that waits for its slot: refused now for all that can be known without the engine, else safe on disk."""

from __future__ import annotations

import shutil
from contextlib import suppress
from dataclasses import dataclass, replace

from scopecraft.config.projects import Project
from scopecraft.errors import StorageFailed
from scopecraft.missions.advance import WORK_STEP
from scopecraft.missions.finding import find_mission
from scopecraft.missions.trash import refuse_half_removed
from scopecraft.model import clock
from scopecraft.model.ids import new_mission_id, new_session_id
from scopecraft.model.mission import Mission
from scopecraft.model.naming import check_title, slug_of
from scopecraft.model.queue import Occupancy, QueueItem, QueueRules
from scopecraft.model.session import Queued, Session
from scopecraft.queueing.admission import require_place
from scopecraft.sessions.agent_choice import Chosen, choose_agent, refuse_agent
from scopecraft.sessions.context import Context
from scopecraft.sessions.kept_request import callers_own, save_request
from scopecraft.sessions.mission_start import refuse_while_alive
from scopecraft.sessions.places import project_here, within_project_of
from scopecraft.sessions.request import StartRequest
from scopecraft.state.line import Guard


@dataclass(frozen=True, slots=True)
class _Asked:
    """What could be found out about the request."""

    request: StartRequest
    project: Project
    chosen: Chosen
    mission: Mission | None  # None where one is to be made


def enqueue(context: Context, request: StartRequest) -> QueueItem:
    """Behind all that wait. What is refused leaves nothing behind.

    Raises QueueFull, AlreadyRunning for a task that has a live session, and what can be known to be wrong with the
    request; what only the engine or git can tell ends the session when its turn comes.
    """
    asked = _checked(context, request)
    session = _queued_session(asked)
    folder = context.folder(session.id).path
    try:
        save_request(folder, asked.request, callers_own(context, asked.chosen))
        return context.store.queue.enqueue(session, session.created_at, _guard(request), is_new=request.is_new)
    except BaseException:  # raised again: an interruption, too, leaves no folder without a record
        with suppress(StorageFailed):
            if context.store.get(session.id) is None:
                shutil.rmtree(folder, ignore_errors=True)
        raise


def _guard(request: StartRequest) -> Guard:
    def guard(occupancy: Occupancy, rules: QueueRules) -> None:
        require_place(occupancy, rules, is_new=request.is_new)

    return guard


def _checked(context: Context, request: StartRequest) -> _Asked:
    check_title(request.task)
    inner = within_project_of(context, request)
    project, _ = project_here(context, request.cwd, request.project)
    chosen = choose_agent(inner, request.agent)
    refuse_agent(inner, chosen, request)
    mission = find_mission(context.home, request.task, project.name, partial=False)
    if mission is not None:
        refuse_half_removed(context.home, mission)
        refuse_while_alive(context, mission)
    # where it starts from is told by where the person stands, which the supervisor does not
    named = replace(request, project=project.name, agent=chosen.name)
    return _Asked(named, project, chosen, mission)


def _queued_session(asked: _Asked) -> Session:
    """What is not known yet, branch and worktree of a mission that is to be made, is filled in when it begins."""
    at = clock.now()
    created_at = clock.to_text(at)
    request, mission = asked.request, asked.mission
    mission_id = mission.id if mission else new_mission_id(at)
    return Session(
        id=new_session_id(at),
        mission_id=mission_id,
        task=mission.slug if mission else slug_of(request.task) or mission_id,
        project=asked.project.name,
        step_id=WORK_STEP,
        attempt=1,  # the store counts
        agent=asked.chosen.name,
        dialect=asked.chosen.dialect.name,
        executor="container",
        mode="autonomous",
        branch=mission.branch if mission else "",
        worktree=mission.worktree if mission else "",
        created_at=created_at,
        status=Queued(created_at),
        model=request.model or asked.chosen.settings.model,
        conversation_id=request.continues.conversation_id if request.continues else None,
        timeout_seconds=request.timeout_seconds,
        origin=request.continues.origin if request.continues else "start",
        follows=request.continues.session_id if request.continues else None,
    )
