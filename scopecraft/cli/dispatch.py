"""`sc dispatch`: an interactive agent in a tmux window of the mission's worktree."""

from __future__ import annotations

import os
from typing import Unpack

import click

from scopecraft.cli.command import command
from scopecraft.cli.say import note, say
from scopecraft.cli.starting import StartOptions, request_of, start_options
from scopecraft.model.session import Ended
from scopecraft.model.session_words import outcome_sentence
from scopecraft.sessions.context import Context


@command(
    "dispatch",
    examples=(
        ("sc dispatch fix-login -m 'the login page …'", "open an agent on a task of its own"),
        ("sc dispatch fix-login --attach", "and go to its window"),
        ("sc dispatch fix-login -- --permission-mode manual", "what stands after -- goes to the agent"),
    ),
)
@start_options
@click.option("--attach", is_flag=True, help="Go to the window at once.")
def dispatch(attach: bool, **options: Unpack[StartOptions]) -> None:
    """Open an interactive agent in a tmux window, in the worktree of TASK; a name that fits no mission makes one.

    The prompt comes from -m or -f; without one the agent waits for you to type. It runs on this machine with your own
    rights and configuration. See it with sc attach.
    """
    from scopecraft.sessions.window_start import start_window

    context = Context.of(os.environ)
    session = start_window(context, request_of(options, may_read_stdin=False))
    if isinstance(session.status, Ended):
        say(f"{session.id} ended at once: {outcome_sentence(session.status.outcome)}")
        note(f"what it showed: sc show {session.task}")
        return
    say(f"{session.id}: {session.agent} is up in the worktree of {session.task}, on {session.branch}")
    if attach:
        from scopecraft.cli.attach import go_to_window

        go_to_window(context, session)
    else:
        note(f"see it: sc attach {session.task}   how it is: sc ls   end it: sc stop {session.task}")
