"""`sc send`: a message to an agent, in its window or its container."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from scopecraft.cli.command import command
from scopecraft.cli.prompt import prompt_from
from scopecraft.cli.say import note, say
from scopecraft.cli.table import print_json
from scopecraft.cli.terminal import is_terminal
from scopecraft.errors import BadInput
from scopecraft.model.duration import seconds_of
from scopecraft.sessions.context import Context
from scopecraft.sessions.places import session_named


@command(
    "send",
    examples=(
        ("sc send fix-login 'use the new client'", "as if you had typed it there"),
        ("sc send fix-login -f notes.md", "a long one, from a file"),
        ("git diff | sc send fix-login", "or from standard input"),
    ),
)
@click.argument("session")
@click.argument("text", required=False)
@click.option("-f", "--file", type=click.Path(path_type=Path), metavar="FILE", help="The message, from a file.")
@click.option("--wait", default="20s", metavar="TIME", show_default=True, help="How long a turn may take to begin.")
@click.option("--anyway", is_flag=True, help="Also where nobody can tell whether it asks something just now.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--project", help="Of the project by this name, wherever you are.")
def send(
    session: str, text: str | None, file: Path | None, wait: str, anyway: bool, as_json: bool, project: str | None
) -> None:
    """Send TEXT to the agent of SESSION (an id, or a task's latest session).

    It is reported as delivered only when the agent's turn has begun with it. An agent that works on something takes it
    up at the next chance; one that asks something is not disturbed: see sc answer.

    In a container it goes into the session's inbox, and arrives whoever is alive on the host. In a window it is typed,
    with Enter. Where nobody can tell whether an agent asks, Enter might allow what it asks for, so that needs --anyway.
    What stands half typed in the window goes along with it.
    """
    from scopecraft.sessions.sending import send_message

    patience = float(seconds_of(wait))
    message = _message(text, file)
    context = Context.of(os.environ)
    delivery = send_message(
        context,
        session_named(context, session, Path.cwd(), project),
        message,
        patience_seconds=patience,
        anyway=anyway,
    )
    name = delivery.session.id
    if as_json:
        print_json({"session": name, "how": delivery.how})
    elif delivery.how == "delivered":
        say(f"delivered to {name}: its turn has begun")
    elif delivery.how == "queued":
        say(f"taken by {name}, which works on something: it reads the message at the next chance")
    else:
        say(f"typed into the window of {name}")
        is_own = delivery.is_command
        note("a command of the agent's own begins no turn" if is_own else f"{delivery.session.agent} tells nobody more")


def _message(text: str | None, file: Path | None) -> str:
    if text is None and file is None and is_terminal(sys.stdin):
        raise BadInput("there is no message", "for example: sc send fix-login 'use the new client'")
    if text is not None and file is not None:
        raise BadInput("a message is TEXT or comes from -f, not from both", "leave one of them out")
    return prompt_from(None if text == "-" else text, file) or ""
