"""`sc handback`: what a person and an agent are at in a window, left to the agent alone."""

from __future__ import annotations

import os
from pathlib import Path

import click

from scopecraft.cli.begun import show_alone
from scopecraft.cli.command import command
from scopecraft.cli.going_on import settled, spoken, start_alone
from scopecraft.cli.prompt import prompt_from
from scopecraft.sessions.context import Context


@command(
    "handback",
    examples=(
        ("sc handback fix-login", "the agent goes on with the task by itself"),
        ("sc handback fix-login -m 'now the tests'", "and is told what to do"),
    ),
)
@click.argument("session")
@click.option("-m", "--message", metavar="PROMPT", help="What to do now; default: go on with the task.")
@click.option("-f", "--file", type=click.Path(path_type=Path), metavar="FILE", help="The prompt, from a file.")
@click.option("-d", "--detach", is_flag=True, help="Do not follow it; print its id.")
@click.option("--project", help="Of the project by this name, wherever you are.")
def handback(session: str, message: str | None, file: Path | None, detach: bool, project: str | None) -> int | None:
    """Hand the conversation in the window of SESSION (an id, or a task's latest session) back to its agent alone.

    The window is closed, its commits are taken, and a new session goes on in a container with the same conversation. It
    is never refused for want of a place, but may have to wait in line.
    """
    from scopecraft.sessions.takeover import Way
    from scopecraft.sessions.takeover import handback as hand_back

    prompt = prompt_from(message, file) if message is not None or file is not None else None
    context = Context.of(os.environ)
    found = settled(context, session, project)
    begun = hand_back(context, found, prompt, Way(spoken, start_alone))
    return show_alone(context, begun, detach=detach)
