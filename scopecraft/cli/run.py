"""`sc run`: an autonomous agent in a container, followed live."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Unpack

import click

from scopecraft.cli.begun import show_alone, tell_alone
from scopecraft.cli.command import command
from scopecraft.cli.say import note
from scopecraft.cli.start_from import agents_of
from scopecraft.cli.starting import StartCommand, StartOptions, request_of, start_options
from scopecraft.errors import BadInput
from scopecraft.model.duration import seconds_of
from scopecraft.sessions.context import Context
from scopecraft.sessions.request import StartRequest

if TYPE_CHECKING:
    from scopecraft.model.session import Session


@command(
    "run",
    examples=(
        ("sc run fix-login -m 'the login page …'", "start it and follow it"),
        ("sc run fix-login -f task.md --detach", "start it and leave it"),
        ("git diff | sc run review-it", "the prompt from another program"),
        ("sc run --pr 7 -m 'review it'", "on a pull request"),
        ("sc run --branch fix/login -m 'finish it'", "on a branch that is there"),
        ("sc run fix-login --agents claude,codex -m '…'", "the same to several agents"),
        ("sc run count --agent plain -- wc -l README.md", "any command of the image instead of an agent"),
        ("sc run implement-auth-05A", "a task of .tasks, by its id"),
        ("sc run fix-login --shell", "look around where the agent works"),
    ),
    cls=StartCommand,
)
@start_options
@click.option("--timeout", help="Wall-clock limit, such as 90s, 30m or 2h; the default is a setting.")
@click.option("-d", "--detach", is_flag=True, help="Do not follow it; print its id.")
@click.option("--shell", is_flag=True, help="In place of the agent a shell of yours, in a container as the agent's.")
def run(timeout: str | None, detach: bool, shell: bool, **options: Unpack[StartOptions]) -> int | None:
    """Run an agent on its own, in a container, in a worktree of TASK; a name that fits no mission makes one.

    With --branch, --pr or --worktree the mission takes up what is there, and TASK may be left out. With --agents each
    agent gets a mission of its own, from the same commit, and all of them are followed.

    The prompt comes from -m, -f or standard input; of a task in .tasks, from its file. The agent's messages, tool calls
    and cost appear as they come; Ctrl-C asks whether to leave it running or to stop it. When it ends, its commits are
    on the task's branch.

    Exit code: 0 when the agent completed its work (with --agents: all did), 1 when it failed, was stopped or ran out of
    time, 130 when you left it running.
    """
    from scopecraft.sessions.task_requests import with_task
    from scopecraft.supervisor.asking import ask_to_run

    context = Context.of(os.environ)
    timeout_seconds = seconds_of(timeout) if timeout else None
    if shell:
        from scopecraft.cli.exec import run_shell

        if detach or options["message"] is not None or options["file"] is not None:
            raise BadInput("a shell is yours: it takes no prompt, and cannot be left", "leave -m, -f and --detach out")
        if options["agents"] is not None:
            raise BadInput("--shell is in the place of one agent, and --agents names several", "leave --agents out")
        return run_shell(context, request_of(options, may_read_stdin=False, timeout_seconds=timeout_seconds))
    request = request_of(options, may_read_stdin=True, timeout_seconds=timeout_seconds)
    request = with_task(context, request, needs_prompt=True)
    if options["agents"] is not None:
        return _run_siblings(context, request, agents_of(options["agents"]), detach)
    return show_alone(context, ask_to_run(context, request), detach=detach)


def _run_siblings(context: Context, request: StartRequest, agents: tuple[str, ...], detach: bool) -> int | None:
    from scopecraft.sessions.container_start import choose_container
    from scopecraft.sessions.siblings import How, start_siblings
    from scopecraft.supervisor.asking import ask_to_run

    def start(within: Context, sibling: StartRequest) -> Session:
        begun = ask_to_run(within, sibling)
        if detach:
            click.echo(begun.session.id)
        tell_alone(begun)
        return begun.session

    sessions = list(start_siblings(context, request, agents, How(choose_container, start)))
    if detach:
        note("how they are: sc ls")
        return None
    from scopecraft.cli.follow_many import follow_sessions

    return follow_sessions(context, sessions)
