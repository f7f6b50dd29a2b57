"""`sc run`: an autonomous agent in a container, followed live."""

from __future__ import annotations

import os
from pathlib import Path

import click

from scopecraft.cli.command import command
from scopecraft.cli.prompt import prompt_from
from scopecraft.cli.say import note, say
from scopecraft.model.duration import seconds_of
from scopecraft.model.mission import MISSION_TYPES, MissionType
from scopecraft.sessions.context import Context
from scopecraft.sessions.request import StartRequest


@command(
    "run",
    examples=(
        ("sc run fix-login -m 'the login page …'", "start it and follow it"),
        ("sc run fix-login -f task.md --detach", "start it and leave it"),
        ("git diff | sc run review-it", "the prompt from another program"),
        ("sc run lint --agent plain -m x -- make lint", "any command instead of an agent"),
    ),
)
@click.argument("task")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@click.option("-m", "--message", metavar="PROMPT", help="What to do.")
@click.option("-f", "--file", type=click.Path(path_type=Path), metavar="FILE", help="The prompt, from a file.")
@click.option("--agent", help="Which agent; the default is a setting.")
@click.option("--model", help="Which model the agent uses.")
@click.option("--base", help="The commit or branch that a new mission begins at; default: the repository's HEAD.")
@click.option("--timeout", help="Wall-clock limit, such as 90s, 30m or 2h; the default is a setting.")
@click.option("--project", help="The project, when you are not inside its repository.")
@click.option("--type", "type_", type=click.Choice(MISSION_TYPES), default="feature", help="The type of a new mission.")
@click.option("-d", "--detach", is_flag=True, help="Do not follow it; print its id.")
def run(
    task: str, arguments: tuple[str, ...], message: str | None, file: Path | None, agent: str | None,
    model: str | None, base: str | None, timeout: str | None, project: str | None, type_: MissionType, detach: bool,
) -> int | None:  # fmt: skip
    """Run an agent on its own, in a container, in a worktree of TASK; a name that fits no mission makes one.

    The prompt comes from -m, -f or standard input. The agent's messages, tool calls and cost appear as they come;
    Ctrl-C asks whether to leave it running or to stop it. When it ends, its commits are on the task's branch.

    Exit code: 0 when the agent completed its work, 1 when it failed, was stopped or ran out of time, 130 when you left
    it running.
    """
    from scopecraft.cli.included import tell_included
    from scopecraft.sessions.container_start import start_container

    context = Context.of(os.environ)
    request = StartRequest(
        task=task,
        prompt=prompt_from(message, file),
        cwd=Path.cwd(),
        agent=agent,
        model=model,
        base=base,
        timeout_seconds=seconds_of(timeout) if timeout else None,
        project=project,
        type=type_,
        arguments=arguments,
        on_included=tell_included,
    )
    session = start_container(context, request)
    if detach:
        click.echo(session.id)
        note(f"follow it: sc attach {session.task}   end it: sc stop {session.task}")
        return None
    from scopecraft.cli.follow import follow_session

    say(f"{session.id}: {session.agent} works on {session.task}, on {session.branch}")
    return follow_session(context, session, is_new=True)
