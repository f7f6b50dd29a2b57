"""Which project, mission and session a person means, from where they stand and what they typed."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from scopecraft.config.projects import Project, load_projects, project_named, project_of
from scopecraft.errors import Ambiguous, NotFound, RepositoryRefused, ScopecraftError
from scopecraft.missions.advance import VISIT_STEP
from scopecraft.missions.finding import find_mission, require_mission
from scopecraft.missions.trash import removed_ids
from scopecraft.model.mission import Mission
from scopecraft.model.naming import slug_of, suffix_of
from scopecraft.model.session import Session, is_live
from scopecraft.sessions.context import Context
from scopecraft.sessions.project_settings import within_project
from scopecraft.sessions.request import StartRequest
from scopecraft.worktrees.repository import Repository, open_repository


def project_here(context: Context, cwd: Path, name: str | None) -> tuple[Project, Repository]:
    """The named project, else the one whose repository or worktree the folder belongs to, else the only one.

    Raises what `repository_of` raises.
    """
    known = context.places.get((cwd, name))
    if known is not None:
        return known
    projects = load_projects(context.home)
    if name is not None:
        project = project_named(projects, name)
        return project, repository_of(project)
    around = open_repository(cwd) if _is_in_repository(cwd) else None
    project = project_of(projects, around.common_dir if around else None)
    return project, around or repository_of(project)


def project_around(context: Context, cwd: Path) -> str | None:
    """The project that a lookup is narrowed to: the one around the folder; None outside any."""
    try:
        common_dir = _common_dir(cwd)
    except ScopecraftError:
        return None
    projects = load_projects(context.home)
    return next((project.name for project in projects if project.common_dir == str(common_dir)), None)


def repository_of(project: Project) -> Repository:
    """Raises RepositoryRefused when it was moved or deleted."""
    try:
        repository = open_repository(Path(project.common_dir))
    except RepositoryRefused as error:
        raise RepositoryRefused(
            f"the repository of project {project.name} is not at {project.path} any more",
            "move it back, or link it where it is now: sc link PATH",
        ) from error
    if str(repository.common_dir) != project.common_dir:
        raise RepositoryRefused(
            f"{project.common_dir} belongs to another repository now", "link the repository again: sc link PATH"
        )
    return repository


def mission_named(context: Context, task: str, cwd: Path, project: str | None = None) -> Mission:
    """In the named project; else around the folder's project first, then anywhere. Raises NotFound and Ambiguous."""
    try:
        return _mission_named(context, task, cwd, project)
    except NotFound as error:
        waiting = _without_mission(context, task, cwd, project)
        if waiting is None or not is_live(waiting.status):
            raise
        raise NotFound(
            f"{waiting.task} waits in the queue: its branch and its worktree are made when it begins",
            f"see its place: sc queue   take it out: sc queue remove {waiting.task}",
        ) from error


def _mission_named(context: Context, task: str, cwd: Path, project: str | None) -> Mission:
    if project is not None:
        return require_mission(context.home, task, project_named(load_projects(context.home), project).name)
    project = project_around(context, cwd)
    if project is not None:
        mission = find_mission(context.home, task, project, partial=True)
        if mission is not None:
            return mission
    return require_mission(context.home, task, None)


def session_named(context: Context, text: str, cwd: Path, project: str | None = None) -> Session:
    """A session by id or a unique piece of it, else the latest session of the mission by that name.

    A visit that is over stands back behind what agents did. With a project, one of another project is not meant. A
    task that waits in the queue is found before its mission is made, and so is one that never began.
    """
    found = [session for session in context.store.matching(text) if project in (None, session.project)]
    if len(found) > 1:
        listed = ", ".join(f"{session.id} ({session.task})" for session in found[:6])
        raise Ambiguous(f"{text!r} fits several sessions: {listed}", "use more of the id")
    if found:
        return found[0]
    try:
        mission = _mission_named(context, text, cwd, project)
    except NotFound as error:
        unmade = _without_mission(context, text, cwd, project)
        if unmade is not None:
            return unmade
        if project is not None:
            raise
        raise NotFound(f"no session or task is called {text!r}", error.hint) from error
    session = telling(context.store.sessions(mission_id=mission.id))
    if session is None:
        raise NotFound(f"{mission.slug} has no session yet", f"start one: sc run {mission.slug} -m 'what to do'")
    return session


def _without_mission(context: Context, text: str, cwd: Path, project: str | None) -> Session | None:
    """The session of a task whose mission is not made yet, or never was: by name, suffix, or the mission's id.

    One that lives goes before one that ended, one of the project around before others. Raises Ambiguous.
    """
    removed = removed_ids(context.home)
    found = [each for each in _by_task(context, text) if project in (None, each.project)]
    found = [each for each in found if is_live(each.status) or each.mission_id not in removed]
    living = [each for each in found if is_live(each.status)] or found
    if len(living) > 1:
        around = project_around(context, cwd)
        living = [each for each in living if each.project == around] or living
    if len(living) > 1:
        listed = ", ".join(f"{each.id} ({each.project})" for each in living[:6])
        raise Ambiguous(f"{text!r} names sessions of several projects: {listed}", "use an id, or --project")
    return living[0] if living else None


def _by_task(context: Context, text: str) -> list[Session]:
    """The newest of each project; those in line also by the suffix of their name."""
    slug = slug_of(text)
    found = context.store.latest_of_task(slug) if slug else []
    if not found and text.startswith("m-"):
        found = context.store.sessions(mission_id=text, limit=1)
    suffix = suffix_of(slug)
    if found or not suffix:
        return found
    return [item.session for item in context.store.line() if suffix_of(item.session.task) == suffix]


def telling(sessions: Sequence[Session]) -> Session | None:
    """Of a mission's, newest first, the one that a person asks about: a visit only while it lives, or all alone."""
    told = (session for session in sessions if session.step_id != VISIT_STEP or is_live(session.status))
    return next(told, next(iter(sessions), None))


def _common_dir(cwd: Path) -> Path | None:
    """The git directory that a folder belongs to; None outside any repository."""
    return open_repository(cwd).common_dir if _is_in_repository(cwd) else None


def _is_in_repository(cwd: Path) -> bool:
    """Whether it looks so, without asking git."""
    return any(os.path.lexists(parent / ".git") or (parent / "HEAD").is_file() for parent in (cwd, *cwd.parents))


def within_project_of(context: Context, request: StartRequest) -> Context:
    """The context with the settings that hold for the request's project and for this time; asked about once."""
    place = project_here(context, request.cwd, request.project)
    if context.project != place[0].name:
        context = within_project(context, place, ask=request.on_settings, overrides=request.overrides)
    context.places[request.cwd, request.project] = place
    return context
