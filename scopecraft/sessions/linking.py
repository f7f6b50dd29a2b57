"""Linking a repository: a new project, one that is linked already, or one whose repository was moved."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from scopecraft.config.paths import Home
from scopecraft.config.projects import Project, is_there, link_project, load_projects, rebind_project
from scopecraft.missions.finding import all_missions
from scopecraft.model.mission import Mission
from scopecraft.worktrees.relocation import has_work, knows_worktrees_in, repair_worktrees
from scopecraft.worktrees.repository import Repository


@dataclass(frozen=True, slots=True)
class Linked:
    """`broken` are worktrees of a moved repository that do not lead to it yet."""

    project: Project
    how: Literal["new", "known", "moved"]
    broken: tuple[Path, ...] = ()


def link_repository(home: Home, repository: Repository, at: str) -> Linked:
    """A project whose repository was moved keeps its name and its missions; its worktrees are repaired."""
    moved = _moved_project(home, repository)
    if moved is None:
        project, is_new = link_project(home, path=repository.path, common_dir=repository.common_dir, at=at)
        return Linked(project, "new" if is_new else "known")
    # the worktrees first: killed in between, the next link does both
    broken = repair_worktrees(repository, _worktrees_of(home, moved))
    project = rebind_project(home, moved.name, path=repository.path, common_dir=repository.common_dir)
    return Linked(project, "moved", tuple(broken))


def _moved_project(home: Home, repository: Repository) -> Project | None:
    """The project that this repository evidently is, and that is not where it was."""
    projects = load_projects(home)
    if any(project.common_dir == str(repository.common_dir) for project in projects):
        return None
    gone = [project for project in projects if not is_there(project)]
    return next(
        (project for project in gone if knows_worktrees_in(repository, home.worktrees / project.name)),
        next((project for project in gone if _has_missions_of(home, repository, project)), None),
    )


def _has_missions_of(home: Home, repository: Repository, project: Project) -> bool:
    return any(
        has_work(repository, branch=mission.branch, base=mission.base) for mission in _missions_of(home, project)
    )


def _worktrees_of(home: Home, project: Project) -> list[Path]:
    """Those in the home, and those of a person's own that missions work in."""
    named = {Path(mission.worktree) for mission in _missions_of(home, project)}
    return sorted(named | set((home.worktrees / project.name).glob("*")))


def _missions_of(home: Home, project: Project) -> list[Mission]:
    missions, _ = all_missions(home, completed=True)
    return [mission for mission in missions if mission.project == project.name]
