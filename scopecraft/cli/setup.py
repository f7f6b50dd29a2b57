"""`sc setup`: the set-up commands in a task's worktree, once more; and how their output is shown."""

from __future__ import annotations

import os
from pathlib import Path

import click

from scopecraft.cli.command import command
from scopecraft.cli.say import note, say
from scopecraft.cli.settings_question import ask_about_settings
from scopecraft.errors import AlreadyRunning, NotFound
from scopecraft.sessions.context import Context


@command("setup", examples=(("sc setup fix-login", "after you changed what it does, or mended what made it fail"),))
@click.argument("task")
@click.option("--project", help="Of the project by this name, wherever you are.")
def setup(task: str, project: str | None) -> None:
    """Run the set-up commands (the setting setup.commands) in TASK's worktree.

    A new worktree is set up by itself before its first agent; this is for doing it again.
    """
    from scopecraft.sessions.places import mission_named, within_project_of
    from scopecraft.sessions.present_mission import refuse_frozen, refuse_while_alive
    from scopecraft.sessions.request import StartRequest
    from scopecraft.sessions.set_up import run_setup

    outer = Context.of(os.environ)
    mission = mission_named(outer, task, Path.cwd(), project)
    refuse_frozen(mission)
    if not Path(mission.worktree).is_dir():
        raise NotFound(f"the worktree of {mission.slug} is not there", f"sc run {mission.slug} makes it again")
    try:
        refuse_while_alive(outer, mission)
    except AlreadyRunning as error:
        raise AlreadyRunning(error.message, f"end it first, or do it inside: sc exec {mission.slug} COMMAND") from error
    request = StartRequest(mission.id, None, Path.cwd(), project=mission.project, on_settings=ask_about_settings)
    context = within_project_of(outer, request)
    count = run_setup(context, mission, tell_setup)
    if count:
        say(f"the worktree of {mission.slug} is set up: {count} command{'s' if count > 1 else ''}")
    else:
        say("there is nothing to do: the setting setup.commands is empty")


def tell_setup(line: str) -> None:
    note(f"setup | {line}")
