"""The project of a request that comes from nowhere: no folder says it, so a name, a setting, or there is only one."""

from __future__ import annotations

from scopecraft.config.projects import Project, load_projects
from scopecraft.errors import BadInput
from scopecraft.model.text import clean_line
from scopecraft.sessions.context import Context

_MOST_NAMED = 20


def asked_project(context: Context, name: str | None) -> Project:
    """The one by that name, else that of the setting http.project, else the only one. Raises BadInput, naming them."""
    projects = load_projects(context.home)
    wanted = name or context.settings.http.project
    found = next((project for project in projects if project.name == wanted), None)
    if found is not None:
        return found
    if wanted is not None:
        raise BadInput(f"project: no project is called {clean_line(wanted, 80)!r}", _choices(projects))
    if len(projects) == 1:
        return projects[0]
    if not projects:
        raise BadInput("project: no repository is linked", "in your repository: sc link")
    raise BadInput(
        f"project: Required, one of {_names(projects)}", "or choose one for all: sc config set http.project NAME"
    )


def _choices(projects: list[Project]) -> str:
    return f"there are: {_names(projects)}" if projects else "in your repository: sc link"


def _names(projects: list[Project]) -> str:
    more = f" and {len(projects) - _MOST_NAMED} more" if len(projects) > _MOST_NAMED else ""
    return ", ".join(project.name for project in projects[:_MOST_NAMED]) + more
