"""`sc resume`: one more prompt in the conversation of a session that has ended."""

from __future__ import annotations

import os
from pathlib import Path

import click

from scopecraft.cli.begun import show_alone, show_window
from scopecraft.cli.command import command
from scopecraft.cli.going_on import open_window, settled, spoken, start_alone
from scopecraft.cli.prompt import prompt_from
from scopecraft.sessions.context import Context


@command(
    "resume",
    examples=(
        ("sc resume fix-login -m 'now the tests'", "one more prompt to an agent that knows all of it"),
        ("sc resume fix-login", "an interrupted session goes on with its task"),
        ("sc resume polish", "the window that you closed opens again"),
    ),
)
@click.argument("session")
@click.option("-m", "--message", metavar="PROMPT", help="What to do now.")
@click.option("-f", "--file", type=click.Path(path_type=Path), metavar="FILE", help="The prompt, from a file.")
@click.option("-d", "--detach", is_flag=True, help="Do not follow it; print its id.")
@click.option("--project", help="Of the project by this name, wherever you are.")
def resume(session: str, message: str | None, file: Path | None, detach: bool, project: str | None) -> int | None:
    """Go on with the conversation of SESSION (an id, or a task's latest session), which has ended.

    It is a new session of the same task, in the same worktree. An autonomous one works in a container again and is
    followed; without -m it is told to go on with the task. A dispatch session's window opens again, where it was.
    """
    from scopecraft.sessions.continuing import GO_ON, resume_request
    from scopecraft.sessions.takeover import going_on

    prompt = prompt_from(message, file) if message is not None or file is not None else None
    context = Context.of(os.environ)
    found = settled(context, session, project)
    is_alone = found.mode == "autonomous"
    request = spoken(resume_request(context, found, prompt or (GO_ON if is_alone else None)))
    on_host = not is_alone and not found.is_contained
    with going_on(context, found, request, on_host=on_host):
        if is_alone:
            begun = start_alone(context, request)
        else:
            window = open_window(context, request, on_host=on_host)
    if is_alone:
        return show_alone(context, begun, detach=detach)
    show_window(context, window, go_there=False)
    return None
