"""`sc takeover`: what an agent is at by itself, moved into a window."""

from __future__ import annotations

import os
import sys

import click

from scopecraft.cli.begun import show_window
from scopecraft.cli.command import command
from scopecraft.cli.going_on import open_window, settled, spoken
from scopecraft.cli.terminal import is_terminal
from scopecraft.model.session import Session
from scopecraft.sessions.context import Context
from scopecraft.sessions.request import StartRequest


@command(
    "takeover",
    examples=(
        ("sc takeover fix-login", "go on by hand, in the same container room"),
        ("sc takeover fix-login --detach", "open the window, and stay here"),
        ("sc takeover fix-login --on-host", "with your own tools and rights"),
    ),
)
@click.argument("session")
@click.option("--on-host", is_flag=True, help="The window's agent works on this machine, outside any container.")
@click.option("-d", "--detach", is_flag=True, help="Do not go to the window.")
@click.option("--project", help="Of the project by this name, wherever you are.")
def takeover(session: str, on_host: bool, detach: bool, project: str | None) -> None:
    """Take over what SESSION (an id, or a task's latest session) does by itself: its conversation goes on in a window.

    An agent that works is interrupted, and its commits are taken; then a new session opens a window with the same
    conversation, in a container like the one before. An ended or interrupted session is taken over as well. Give it
    back with sc handback.

    With --on-host the agent gets your own rights and configuration, where a copy of the conversation is put.
    """
    from scopecraft.sessions.takeover import Way
    from scopecraft.sessions.takeover import takeover as take_over

    def start(within: Context, request: StartRequest) -> Session:
        return open_window(within, request, on_host=on_host)

    context = Context.of(os.environ)
    found = settled(context, session, project)
    opened = take_over(context, found, Way(spoken, start), on_host=on_host)
    is_there = is_terminal(sys.stdin) and is_terminal(sys.stdout)
    show_window(context, opened, go_there=is_there and not detach)
