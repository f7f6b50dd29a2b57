"""`sc run`: an autonomous agent in a container, followed live."""

from __future__ import annotations

import os
from typing import Unpack

import click

from scopecraft.cli.command import command
from scopecraft.cli.say import note, say
from scopecraft.cli.starting import StartOptions, request_of, start_options
from scopecraft.model.duration import seconds_of
from scopecraft.sessions.context import Context


@command(
    "run",
    examples=(
        ("sc run fix-login -m 'the login page …'", "start it and follow it"),
        ("sc run fix-login -f task.md --detach", "start it and leave it"),
        ("git diff | sc run review-it", "the prompt from another program"),
        ("sc run count --agent plain -- wc -l README.md", "any command of the image instead of an agent"),
    ),
)
@start_options
@click.option("--timeout", help="Wall-clock limit, such as 90s, 30m or 2h; the default is a setting.")
@click.option("-d", "--detach", is_flag=True, help="Do not follow it; print its id.")
def run(timeout: str | None, detach: bool, **options: Unpack[StartOptions]) -> int | None:
    """Run an agent on its own, in a container, in a worktree of TASK; a name that fits no mission makes one.

    The prompt comes from -m, -f or standard input. The agent's messages, tool calls and cost appear as they come;
    Ctrl-C asks whether to leave it running or to stop it. When it ends, its commits are on the task's branch.

    Exit code: 0 when the agent completed its work, 1 when it failed, was stopped or ran out of time, 130 when you left
    it running.
    """
    from scopecraft.sessions.container_start import start_container

    context = Context.of(os.environ)
    timeout_seconds = seconds_of(timeout) if timeout else None
    session = start_container(context, request_of(options, may_read_stdin=True, timeout_seconds=timeout_seconds))
    if detach:
        click.echo(session.id)
        note(f"follow it: sc attach {session.task}   end it: sc stop {session.task}")
        return None
    from scopecraft.cli.follow import follow_session

    say(f"{session.id}: {session.agent} works on {session.task}, on {session.branch}")
    return follow_session(context, session, is_new=True)
