"""`sc link` and `sc projects`: the repositories that missions work on."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path

import click

from scopecraft.cli.command import command
from scopecraft.cli.say import note, say, warn
from scopecraft.cli.table import Cell, Column, Row, print_json, print_table
from scopecraft.config.paths import home_of, require_home
from scopecraft.config.projects import Project, is_there, load_projects
from scopecraft.errors import BadInput
from scopecraft.model import clock


@command(
    "link",
    examples=(
        ("sc link", "the repository around the current folder"),
        ("sc link ~/work/shop", "another one"),
    ),
)
@click.argument("path", type=click.Path(path_type=Path), default=".")
def link(path: Path) -> None:
    """Register the git repository at PATH, so that missions can work on it.

    A repository has one entry: linking it again, or one of its worktrees, changes nothing. One that was moved is
    linked from where it is now: it keeps its name and its missions, and its worktrees are repaired. Nothing else is
    written into the repository. Inside it, and inside its worktrees, commands find the project by themselves.
    """
    from scopecraft.sessions.linking import link_repository
    from scopecraft.worktrees.repository import open_repository

    home = require_home(home_of(os.environ))
    repository = open_repository(path)
    _require_text(repository.common_dir)
    at = clock.to_text(clock.now())
    linked = link_repository(home, repository, at)
    project = linked.project
    if linked.how == "known":
        say(f"{project.path} is linked already, as {project.name}")
    elif linked.how == "moved":
        say(f"{project.name} was moved: it is at {project.path} now, and its missions go on there")
        for worktree in linked.broken:
            warn(
                f"the worktree {worktree} does not lead there", "save what you need, remove it, and run the task again"
            )
    else:
        say(f"linked {project.path} as {project.name}")
        note("next: sc run TASK -m 'what to do'")


def _require_text(path: Path) -> None:
    """A path of other bytes could not be kept in any of our files, nor given to an agent."""
    try:
        str(path).encode("utf-8")
    except UnicodeEncodeError as error:
        raise BadInput(f"the path is not UTF-8: {path}", "rename that folder, and link it then") from error


@command(
    "projects",
    examples=(
        ("sc projects", "names and paths"),
        ("sc projects --json | jq -r '.[].path'", "for programs"),
    ),
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def projects(as_json: bool) -> None:
    """List the registered repositories, and say of one that it is not there any more."""
    home = require_home(home_of(os.environ))
    known = load_projects(home)
    if as_json:
        print_json([{**asdict(project), "is_there": is_there(project)} for project in known])
    elif known:
        columns = (Column("PROJECT"), Column("PATH", least=20), Column("LINKED"), Column(""))
        print_table(columns, [_row(project) for project in known])
    else:
        say("no repository is linked")
        note("go to one and run: sc link")


def _row(project: Project) -> Row:
    state = Cell("") if is_there(project) else Cell("not there any more", ("yellow",))
    return (Cell(project.name, ("bold",)), project.path, Cell(project.linked_at[:10], ("dim",)), state)
