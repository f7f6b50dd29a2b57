"""Where `sc workflow` looks: the project that is named, else the one around the folder, else the home alone."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scopecraft.sessions.context import Context
from scopecraft.sessions.places import project_around, project_here

if TYPE_CHECKING:
    from scopecraft.config.projects import Project
    from scopecraft.config.workflow_shelves import Shelf
    from scopecraft.worktrees.repository import Repository

with_project: Callable[[Any], Any] = click.option(
    "--project", metavar="NAME", help="As for the project by this name, wherever you are."
)


@dataclass(frozen=True, slots=True)
class Ground:
    context: Context
    place: tuple[Project, Repository] | None
    shelves: tuple[Shelf, ...]

    @property
    def default(self) -> str:
        return self.context.settings.missions.workflow


def ground_here(project: str | None) -> Ground:
    """Raises what `project_here` raises for a project that is named."""
    from scopecraft.sessions.recipes import shelves

    context = Context.of(os.environ)
    name = project or project_around(context, Path.cwd())
    place = project_here(context, Path.cwd(), name) if name is not None else None
    return Ground(context, place, shelves(context, place[1] if place is not None else None))
