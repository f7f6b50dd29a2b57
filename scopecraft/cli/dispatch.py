"""`sc dispatch`: an interactive agent in a tmux window of the mission's worktree."""

from __future__ import annotations

import os
from pathlib import Path

import click

from scopecraft.cli.command import command
from scopecraft.cli.prompt import prompt_from
from scopecraft.cli.say import note, say
from scopecraft.model.mission import MISSION_TYPES, MissionType
from scopecraft.sessions.context import Context
from scopecraft.sessions.request import StartRequest


@command(
    "dispatch",
    examples=(
        ("sc dispatch fix-login -m 'the login page …'", "open an agent on a task of its own"),
        ("sc dispatch fix-login --attach", "and go to its window"),
        ("sc dispatch fix-login -- --permission-mode manual", "what stands after -- goes to the agent"),
    ),
)
@click.argument("task")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@click.option("-m", "--message", metavar="PROMPT", help="What the agent begins with; it may begin with nothing.")
@click.option("-f", "--file", type=click.Path(path_type=Path), metavar="FILE", help="The prompt, from a file.")
@click.option("--agent", help="Which agent; the default is a setting.")
@click.option("--model", help="Which model the agent uses.")
@click.option("--base", help="The commit or branch that a new mission begins at; default: the repository's HEAD.")
@click.option("--project", help="The project, when you are not inside its repository.")
@click.option("--type", "type_", type=click.Choice(MISSION_TYPES), default="feature", help="The type of a new mission.")
@click.option("--attach", is_flag=True, help="Go to the window at once.")
def dispatch(
    task: str, arguments: tuple[str, ...], message: str | None, file: Path | None, agent: str | None,
    model: str | None, base: str | None, project: str | None, type_: MissionType, attach: bool,
) -> None:  # fmt: skip
    """Open an interactive agent in a tmux window, in the worktree of TASK; a name that fits no mission makes one.

    It runs on this machine with your own rights and configuration. See it with sc attach.
    """
    from scopecraft.cli.included import tell_included
    from scopecraft.sessions.window_start import start_window

    context = Context.of(os.environ)
    request = StartRequest(
        task=task,
        prompt=None if message is None and file is None else prompt_from(message, file),
        cwd=Path.cwd(),
        agent=agent,
        model=model,
        base=base,
        project=project,
        type=type_,
        arguments=arguments,
        on_included=tell_included,
    )
    session = start_window(context, request)
    say(f"{session.id}: {session.agent} is up in the worktree of {session.task}, on {session.branch}")
    if attach:
        from scopecraft.cli.attach import go_to_window

        go_to_window(context, session)
    else:
        note(f"see it: sc attach {session.task}   how it is: sc ls   end it: sc stop {session.task}")
