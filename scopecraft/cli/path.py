"""`sc path`: where a task's worktree is."""

from __future__ import annotations

import os
from pathlib import Path

import click

from scopecraft.cli.command import command
from scopecraft.errors import NotFound
from scopecraft.sessions.context import Context
from scopecraft.sessions.places import mission_named


@command("path", examples=(('cd "$(sc path fix-login)"', "go to the worktree"),))
@click.argument("task")
@click.option("--project", help="Of the project by this name, wherever you are.")
def path(task: str, project: str | None) -> None:
    """Print the path of TASK's worktree, and nothing else."""
    context = Context.of(os.environ)
    mission = mission_named(context, task, Path.cwd(), project)
    if not Path(mission.worktree).is_dir():
        raise NotFound(
            f"the worktree of {mission.slug} is not there any more: {mission.worktree}",
            f"its branch is {mission.branch}; the next sc run {mission.slug} makes the worktree again",
        )
    # as it is: this goes to a shell, not to a person
    click.echo(os.fsencode(mission.worktree))
