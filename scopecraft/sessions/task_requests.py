"""A start that is asked for by the id of a task of the earlier Scopecraft: what its file says becomes the request."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from scopecraft.config.projects import load_projects
from scopecraft.missions.finding import find_mission
from scopecraft.missions.task_files import FOLDER, TaskFile, TaskPlace, find_task, read_task
from scopecraft.model.naming import TITLE_CHARACTERS, check_title, slug_of, suffix_of
from scopecraft.sessions.context import Context
from scopecraft.sessions.request import StartRequest


def with_task(context: Context, request: StartRequest, *, needs_prompt: bool) -> StartRequest:
    """The request as its task's file says, if a task of `.tasks` has that id and no mission of it is there.

    What was said beside it stands behind the task's own text. Where the mission is there, the file is read once more
    for a start that needs a prompt and has none, and for a part of a larger task. Raises Ambiguous, and Refused for a
    file that makes no request.
    """
    if request.visitor is not None or not request.is_task_given or not _any_tasks(context):
        return request
    from scopecraft.sessions.places import project_here  # with git: a start that is only asked for needs none

    project, repository = project_here(context, request.cwd, request.project)
    checkout = repository.main_worktree
    place = find_task(checkout, request.task) if checkout is not None else None
    if checkout is None or place is None:
        return request
    if _is_suffix_of_mission(context, request.task, project.name, place):
        return request
    task = read_task(checkout, place)
    mission = find_mission(context.home, task.owner, project.name, partial=False)
    is_there = mission is not None and mission.slug == task.owner
    is_part = task.owner != slug_of(place.id)
    if is_there and not is_part and not (needs_prompt and request.prompt is None):
        return request
    request.on_note(f"the request is {FOLDER}/{place.path}")
    prompt = "\n\n".join(filter(None, [task.prompt(), request.prompt]))
    taken = replace(request, task=task.owner, prompt=prompt, task_file=place.path)
    if is_there:
        return taken
    whole = (_owner(checkout, task) if is_part else None) or task
    return replace(taken, type=request.type or whole.type, title=_title(whole))


def _any_tasks(context: Context) -> bool:
    """Told without git, since most have none."""
    projects = load_projects(context.home)
    return any((Path(p) / FOLDER).is_dir() for each in projects for p in (each.path, Path(each.common_dir).parent))


def _is_suffix_of_mission(context: Context, name: str, project: str, place: TaskPlace) -> bool:
    """Whether a bare suffix means a mission that is there, and no task."""
    if suffix_of(name) != name:
        return False
    mission = find_mission(context.home, name, project, partial=False)
    return mission is not None and mission.slug != slug_of(place.id)


def _owner(checkout: Path, task: TaskFile) -> TaskFile | None:
    """The task that this one is a part of, where it has a file."""
    place = find_task(checkout, task.place.parent or task.owner)
    return read_task(checkout, place) if place is not None else None


def _title(task: TaskFile) -> str:
    """One that a mission may have, which holds no part of a path."""
    title = " ".join(task.title.replace("/", " ").replace("\\", " ").replace("..", " ").split())
    return check_title(title[:TITLE_CHARACTERS]) if slug_of(title) else task.owner
