"""`sc interrupt`: end a turn, keep the conversation."""

from __future__ import annotations

import os
from pathlib import Path

import click

from scopecraft.cli.command import command
from scopecraft.cli.say import note, say
from scopecraft.model.session import Waiting
from scopecraft.sessions.context import Context
from scopecraft.sessions.places import session_named


@command(
    "interrupt",
    examples=(
        ("sc interrupt fix-login", "what it is at is cut off; it waits"),
        ("sc send fix-login 'leave the tests alone'", "and goes on in the same conversation"),
    ),
)
@click.argument("session")
@click.option("--project", help="Of the project by this name, wherever you are.")
def interrupt(session: str, project: str | None) -> None:
    """End the turn of SESSION (an id, or a task's latest session) and keep its conversation.

    The session stays and waits for your next message; its time limit goes on. What it had not finished is left as it
    is. To end the session itself: sc stop.
    """
    from scopecraft.sessions.container_talk import interrupt_session

    context = Context.of(os.environ)
    found = interrupt_session(context, session_named(context, session, Path.cwd(), project))
    if isinstance(found.status, Waiting):
        say(f"{found.id} is interrupted and waits for you")
        note(f"go on: sc send {found.id} 'TEXT'   or end it: sc stop {found.id}")
    else:
        say(f"{found.id} is interrupted, and goes on with a message that it had before")
