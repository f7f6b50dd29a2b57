"""`/new`: the form by which a mission is written down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse

from scopecraft.api.house import context_of
from scopecraft.config.projects import Project, is_there, load_projects
from scopecraft.config.workflow_reading import Entry
from scopecraft.config.workflows import find_workflows
from scopecraft.errors import ScopecraftError
from scopecraft.model.mission import MISSION_TYPES
from scopecraft.model.workflow import Workflow
from scopecraft.sessions.context import Context
from scopecraft.sessions.places import repository_of
from scopecraft.sessions.recipes import recipe_question, shelves
from scopecraft.web.mission_view import KINDS
from scopecraft.web.page import render
from scopecraft.worktrees.repository import Repository

router = APIRouter()
LONGEST_FILE_BYTES = 1024**2  # what a person wants is read by a person too


@dataclass(frozen=True, slots=True)
class Choice:
    """A workflow that can be chosen; `to_confirm` is the command that a person types before, where it is needed."""

    workflow: Workflow
    is_default: bool
    to_confirm: str = ""


@router.get("/new")
def new(request: Request, project: str | None = None) -> HTMLResponse:
    context = context_of(request)
    projects = load_projects(context.home)
    wanted = project or context.settings.http.project
    chosen = next((each for each in projects if each.name == wanted), projects[0] if projects else None)
    values = {
        "projects": projects,
        "missing": [each.name for each in projects if not is_there(each)],
        "types": MISSION_TYPES,
        "longest": LONGEST_FILE_BYTES,
        **_workflow_values(context, chosen),
    }
    return render(request, "new.html", **values)


@router.get("/new/workflows")
def workflows(request: Request, project: str) -> HTMLResponse:
    context = context_of(request)
    chosen = next((each for each in load_projects(context.home) if each.name == project), None)
    return render(request, "parts/new_workflows.html", **_workflow_values(context, chosen))


def _workflow_values(context: Context, project: Project | None) -> dict[str, Any]:
    """`trouble` is why there are none: the project's repository cannot be read just now."""
    values: dict[str, Any] = {"project": project, "kinds": KINDS, "choices": [], "problems": [], "trouble": None}
    try:
        values["choices"], values["problems"] = choices_of(context, project)
    except ScopecraftError as error:
        values["trouble"] = error
    return values


def choices_of(context: Context, project: Project | None) -> tuple[Sequence[Choice], Sequence[str]]:
    """The default first; and what is wrong with others. Raises what opening the repository raises."""
    repository = repository_of(project) if project is not None else None
    default = context.settings.missions.workflow
    listing = find_workflows(shelves(context, repository), default)
    usable = [entry for entry in listing.entries if entry.workflow is not None]
    problems = [*listing.problems, *(problem for entry in listing.entries for problem in entry.problems)]
    return [_choice(context, project, repository, entry, default) for entry in usable], problems


def _choice(
    context: Context, project: Project | None, repository: Repository | None, entry: Entry, default: str
) -> Choice:
    assert entry.workflow is not None
    return Choice(entry.workflow, entry.id == default, _to_confirm(context, project, repository, entry.id))


def _to_confirm(context: Context, project: Project | None, repository: Repository | None, workflow: str) -> str:
    if project is None or repository is None:
        return ""
    try:
        question = recipe_question(context, project, repository, workflow)
    except ScopecraftError:
        return ""  # told in full when it is chosen
    if not question.loaded.files or question.is_confirmed:
        return ""
    return f"sc config trust --workflow {workflow} --project {project.name}"
