"""The registered repositories: `config/projects.json`, a list that people may read."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from scopecraft.atomic import file_lock, move_aside, replace_file
from scopecraft.config.paths import Home
from scopecraft.errors import Ambiguous, NotFound, StateUnreadable


@dataclass(frozen=True, slots=True)
class Project:
    """`path` is what a person linked, `common_dir` the repository's git directory: the two absolute."""

    name: str
    path: str
    common_dir: str
    linked_at: str


def _file(home: Home) -> Path:
    return home.config / "projects.json"


def load_projects(home: Home) -> list[Project]:
    """In the order of linking. A damaged file is moved aside and named: StateUnreadable."""
    file = _file(home)
    try:
        rows = json.loads(file.read_bytes())["projects"]
        return [Project(row["name"], row["path"], row["common_dir"], row["linked_at"]) for row in rows]
    except FileNotFoundError:
        return []
    except (ValueError, KeyError, TypeError) as error:
        aside = move_aside(file, "damaged")
        raise StateUnreadable(
            f"the list of projects could not be read and was moved to {aside}",
            "link the repositories again: sc link PATH",
        ) from error


def is_there(project: Project) -> bool:
    """Whether the git directory still looks like one, and is no link to another place."""
    common_dir = Path(project.common_dir)
    return (common_dir / "HEAD").is_file() and common_dir.resolve() == common_dir


def link_project(home: Home, *, path: Path, common_dir: Path, at: str) -> tuple[Project, bool]:
    """The project of that repository, and whether it is new; a repository linked twice keeps its one entry."""
    with file_lock(home.config / "projects.lock"):
        projects = load_projects(home)
        for project in projects:
            if project.common_dir == str(common_dir):
                return project, False
        taken = {project.name for project in projects}
        project = Project(_free_name(path, taken), str(path), str(common_dir), at)
        _save(home, [*projects, project])
        return project, True


def rebind_project(home: Home, name: str, *, path: Path, common_dir: Path) -> Project:
    """The project by that name with its repository in another place; its own place in the list stays."""
    with file_lock(home.config / "projects.lock"):
        projects = load_projects(home)
        bound = replace(project_named(projects, name), path=str(path), common_dir=str(common_dir))
        _save(home, [bound if project.name == name else project for project in projects])
        return bound


def _save(home: Home, projects: list[Project]) -> None:
    document = {"projects": [asdict(project) for project in projects]}
    replace_file(_file(home), json.dumps(document, indent=2, ensure_ascii=False).encode() + b"\n")


def _free_name(path: Path, taken: set[str]) -> str:
    """The folder's name as one path component and one word, numbered when it is taken."""
    stem = re.sub(r"[^\w.-]+", "-", path.name.removesuffix(".git")).strip("-.") or "project"
    stem = stem.encode()[:60].decode(errors="ignore")
    name, count = stem, 1
    while name in taken:
        count += 1
        name = f"{stem}-{count}"
    return name


def project_named(projects: list[Project], name: str) -> Project:
    found = [project for project in projects if project.name == name]
    if not found:
        known = ", ".join(project.name for project in projects) or "none"
        raise NotFound(f"no project is called {name!r}", f"linked projects: {known}")
    return found[0]


def project_of(projects: list[Project], common_dir: Path | None) -> Project:
    """The project of a repository's git directory; without one, the only project there is."""
    for project in projects:
        if common_dir is not None and project.common_dir == str(common_dir):
            return project
    if common_dir is not None:
        raise NotFound("this repository is not linked", "link it with: sc link")
    if not projects:
        raise NotFound("no repository is linked", "go to a repository and run: sc link")
    if len(projects) > 1:
        names = ", ".join(project.name for project in projects)
        raise Ambiguous("this folder belongs to no linked repository", f"name one with --project: {names}")
    return projects[0]
