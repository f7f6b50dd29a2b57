"""`sc retry`: the same request, tried once more."""

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
    "retry",
    examples=(
        ("sc retry fix-login", "the same prompt to the same agent, from the beginning"),
        ("sc retry fix-login -m 'the login page …'", "in other words"),
        ("sc retry fix-login --agent codex", "another agent"),
    ),
)
@click.argument("session")
@click.option("-m", "--message", metavar="PROMPT", help="Another prompt; default: the same.")
@click.option("-f", "--file", type=click.Path(path_type=Path), metavar="FILE", help="Another prompt, from a file.")
@click.option("--agent", help="Another agent; default: the same.")
@click.option("--model", help="Another model; default: the same.")
@click.option("-d", "--detach", is_flag=True, help="Do not follow it; print its id.")
@click.option("--project", help="Of the project by this name, wherever you are.")
def retry(
    session: str,
    message: str | None,
    file: Path | None,
    agent: str | None,
    model: str | None,
    detach: bool,
    project: str | None,
) -> int | None:
    """Try SESSION (an id, or a task's latest session) once more, as a new attempt with a new conversation.

    It works in the same worktree, with what is there by now. What was asked for then is asked again: prompt, agent,
    model, time limit and settings of that time; of a session that went on with a conversation, what that began with.
    An autonomous session is followed; a dispatch session gets a window.
    """
    from scopecraft.sessions.continuing import Otherwise, began, retry_request

    prompt = prompt_from(message, file) if message is not None or file is not None else None
    context = Context.of(os.environ)
    found = began(context, settled(context, session, project))
    request = spoken(retry_request(context, found, Otherwise(prompt, agent, model)))
    if found.mode == "autonomous":
        return show_alone(context, start_alone(context, request), detach=detach)
    show_window(context, open_window(context, request, on_host=not found.is_contained), go_there=False)
    return None
