"""`sc dispatch`: an interactive agent in a tmux window of the mission's worktree."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Unpack

import click

from scopecraft.cli.begun import show_window, tell_window, warn_of_files
from scopecraft.cli.command import command
from scopecraft.cli.say import note
from scopecraft.cli.start_from import agents_of
from scopecraft.cli.starting import StartCommand, StartOptions, request_of, start_options
from scopecraft.errors import BadInput
from scopecraft.sessions.context import Context
from scopecraft.sessions.request import StartRequest

if TYPE_CHECKING:
    from scopecraft.model.session import Session


@command(
    "dispatch",
    examples=(
        ("sc dispatch fix-login -m 'the login page …'", "open an agent on a task of its own"),
        ("sc dispatch fix-login --attach", "and go to its window"),
        ("sc dispatch fix-login --container", "in a container, as sc run has it"),
        ("sc dispatch --worktree ../shop-login", "in a worktree that you made"),
        ("sc dispatch --pr 7", "on a pull request"),
        ("sc dispatch fix-login -- --permission-mode manual", "what stands after -- goes to the agent"),
    ),
    cls=StartCommand,
)
@start_options
@click.option("--attach", is_flag=True, help="Go to the window at once.")
@click.option("--container", is_flag=True, help="Run the agent in a container, as sc run does; the window shows it.")
def dispatch(attach: bool, container: bool, **options: Unpack[StartOptions]) -> None:
    """Open an interactive agent in a tmux window, in the worktree of TASK; a name that fits no mission makes one.

    The prompt comes from -m or -f, of a task in .tasks from its file; without one the agent waits for you to type. It
    runs on this machine with your own rights and configuration; with --container it runs as an agent of sc run does,
    but asks you for permissions, and its commits come to the branch when it ends. See it with sc attach.

    With --branch, --pr or --worktree the mission takes up what is there, and TASK may be left out. With --agents each
    agent gets a mission and a window of its own.
    """
    from scopecraft.sessions.task_requests import with_task
    from scopecraft.supervisor.asking import ask_to_dispatch

    context = Context.of(os.environ)
    request = replace(request_of(options, may_read_stdin=False), on_host_files=warn_of_files)
    request = with_task(context, request, needs_prompt=False)
    if options["agents"] is not None:
        if attach:
            raise BadInput(
                "--attach goes to one window, and --agents opens several", "leave --attach out; sc attach TASK"
            )
        _start_all(context, request, agents_of(options["agents"]), in_container=container)
        return
    show_window(context, ask_to_dispatch(context, request, contained=container), go_there=attach)


def _start_all(context: Context, request: StartRequest, agents: tuple[str, ...], *, in_container: bool) -> None:
    from scopecraft.sessions.siblings import How, start_siblings
    from scopecraft.supervisor.asking import ask_to_dispatch

    def start(within: Context, sibling: StartRequest) -> Session:
        return ask_to_dispatch(within, sibling, contained=in_container)

    if in_container:
        from scopecraft.sessions.contained_start import choose_contained

        how = How(choose_contained, start)
    else:
        from scopecraft.sessions.window_start import choose_program

        how = How(choose_program, start)
    for session in start_siblings(context, request, agents, how):
        tell_window(session)
    note("how they are: sc ls")
