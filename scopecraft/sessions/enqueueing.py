"""A request that waits for its slot: refused now for all that can be known without the engine, else safe on disk."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from scopecraft.atomic import storage_failed
from scopecraft.config.projects import Project
from scopecraft.errors import StorageFailed
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
from scopecraft.sessions.places import project_here
from scopecraft.sessions.present_mission import would_begin
from scopecraft.sessions.project_settings import within_project
from scopecraft.sessions.request import StartRequest
from scopecraft.sessions.step_work import refuse_recorded, step_of
from scopecraft.state.line import Guard
from scopecraft.worktrees.repository import Repository, resolve_base

Places = dict[tuple[Path, str | None], tuple[Project, Repository]]


@dataclass(frozen=True, slots=True)
class Asked:
    """A request of which nothing is known to be wrong, and what was found out about it."""

    request: StartRequest
    project: Project
    chosen: Chosen
    mission: Mission | None  # None where one is to be made

    @property
    def task(self) -> str:
        """Empty where only an id can name it."""
        return self.mission.slug if self.mission else slug_of(self.request.task)


def enqueue(context: Context, request: StartRequest) -> QueueItem:
    """Behind all that wait. What is refused leaves nothing behind.

    Raises QueueFull, AlreadyRunning for a task that has a live session, and what can be known to be wrong with the
    request; what only the engine or a remote can tell ends the session when its turn comes.
    """
    return enter(context, checked(context, request))


def checked(context: Context, request: StartRequest, places: Places | None = None) -> Asked:
    """Makes nothing. `places` remembers what was found out about a folder, for many requests at once."""
    check_title(request.task)
    project, repository = place = _place(context, request, {} if places is None else places)
    inner = context
    if context.project != project.name:
        inner = within_project(context, place, ask=request.on_settings, overrides=request.overrides)
    chosen = choose_agent(inner, request.agent)
    if request.step is not None and request.step.is_call:
        from scopecraft.sessions.llm_choice import choose_provider

        choose_provider(chosen, request)  # for what it refuses
    else:
        refuse_agent(inner, chosen, request)
    mission = would_begin(context, request, project, repository)
    if mission is None and request.start_from is None and request.base is not None:
        resolve_base(repository, request.base)
    # where it starts from is told by where the person stands, which the supervisor does not
    asked = Asked(replace(request, project=project.name, agent=chosen.name), project, chosen, mission)
    if mission is None:  # of one that is there already it was found out
        context.store.queue.refuse_second(project.name, asked.task)
    return asked


def enter(context: Context, asked: Asked) -> QueueItem:
    """Behind all that wait. Raises QueueFull, AlreadyRunning and StorageFailed, and leaves nothing behind then."""
    session = _with_own_folder(context, asked)
    folder = context.folder(session.id).path
    guard = _guard(asked.request)
    try:
        save_request(folder, asked.request, callers_own(context, asked.chosen))
        return context.store.queue.enqueue(session, session.created_at, guard, is_new=asked.request.is_new)
    except BaseException:  # raised again: an interruption, too, leaves no folder without a record
        import shutil

        with suppress(StorageFailed):
            if context.store.get(session.id) is None:
                shutil.rmtree(folder, ignore_errors=True)
        raise


def _with_own_folder(context: Context, asked: Asked) -> Session:
    """Two that ask in the same millisecond may get the same id: the folder is only one's, unless it was reserved."""
    if asked.request.step is not None and asked.request.step.run_id is not None:
        refuse_recorded(context, asked.request.step.run_id)
        return _queued_session(asked)
    while True:
        session = _queued_session(asked)
        folder = context.folder(session.id).path
        try:
            folder.mkdir(mode=0o700)
        except FileExistsError:
            continue
        except OSError as error:
            raise storage_failed(error, folder) from error
        return session


def _place(context: Context, request: StartRequest, places: Places) -> tuple[Project, Repository]:
    key = (request.cwd, request.project)
    if key not in places:
        places[key] = project_here(context, request.cwd, request.project)
    return places[key]


def _guard(request: StartRequest) -> Guard:
    def guard(occupancy: Occupancy, rules: QueueRules) -> None:
        require_place(occupancy, rules, is_new=request.is_new)

    return guard


def _queued_session(asked: Asked) -> Session:
    """What is not known yet, branch and worktree of a mission that is to be made, is filled in when it begins."""
    at = clock.now()
    created_at = clock.to_text(at)
    request, mission = asked.request, asked.mission
    mission_id = mission.id if mission else new_mission_id(at)
    reserved = request.step.run_id if request.step else None
    return Session(
        id=reserved or new_session_id(at),
        mission_id=mission_id,
        task=asked.task or mission_id,
        project=asked.project.name,
        step_id=step_of(request, mission),
        attempt=1,  # the store counts
        agent=asked.chosen.name,
        dialect=asked.chosen.dialect.name,
        executor="process" if request.step and request.step.is_call else "container",
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
        is_contained=not (request.step and request.step.is_call),
        workspace=request.step.workspace if request.step else "codegen",
    )
