"""`sc queue remove`, `move` and `clear`: who stands in line, and where."""

from __future__ import annotations

import os
from pathlib import Path

import click

from scopecraft.cli.choice import can_ask, choose
from scopecraft.cli.command import command
from scopecraft.cli.say import note, say
from scopecraft.cli.waking import wake_supervisor
from scopecraft.errors import BadInput, Refused, ScopecraftError
from scopecraft.model.session import Ended
from scopecraft.model.session_words import outcome_sentence
from scopecraft.sessions import queue_changes
from scopecraft.sessions.context import Context

_MOST_NAMED = 8
_PROJECT = click.option("--project", help="Of the project by this name, wherever you are.")


@command(
    "remove",
    examples=(
        ("sc queue remove fix-login", "it leaves the line; nothing of it has begun"),
        ("sc queue remove search cart", "two at once"),
    ),
)
@click.argument("tasks", nargs=-1, required=True, metavar="TASK...")
@_PROJECT
def remove(tasks: tuple[str, ...], project: str | None) -> None:
    """Take each TASK out of the line. One that runs already is ended with sc stop."""
    context = Context.of(os.environ)
    found = [queue_changes.standing(context, task, Path.cwd(), project) for task in tasks]
    for session in found:
        queue_changes.require_waiting(session)
    for session in {each.id: each for each in found}.values():
        if queue_changes.take_out(context, session, "sc queue remove"):
            say(f"{session.task} does not wait any more ({session.id})")
        else:
            assert isinstance(session.status, Ended)
            say(f"{session.task} does not wait in the queue: {session.id} {outcome_sentence(session.status.outcome)}")
    wake_supervisor(context)


@command("move", examples=(("sc queue move fix-login 1", "it is next"),))
@click.argument("task")
@click.argument("place", type=int)
@_PROJECT
def move(task: str, place: int, project: str | None) -> None:
    """Move TASK, which waits, to PLACE in the line; 1 is the next one."""
    context = Context.of(os.environ)
    session = queue_changes.standing(context, task, Path.cwd(), project)
    before, after = queue_changes.move(context, session, place)
    wake_supervisor(context)
    say(f"{session.task} has place {after} in the queue" + ("" if before != place else " already"))


@command(
    "clear",
    examples=(("sc queue clear", "asks first"), ("sc queue clear --yes", "without a question")),
)
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
def clear(yes: bool) -> None:
    """Take everything that waits out of the line. What runs goes on."""
    context = Context.of(os.environ)
    waiting = [item.session for item in context.store.line()]
    if not waiting:
        say("nothing waits in the queue")
        return
    if not yes and not _is_agreed([session.task for session in waiting]):
        say("nothing was taken out")
        return
    count = 0
    for session in waiting:
        try:
            queue_changes.take_out(context, session, "sc queue clear")
            count += 1
        except Refused as error:  # it began while the person was thinking
            note(_told(error))
    wake_supervisor(context)
    say(f"taken out of the queue: {count}")


def _told(error: ScopecraftError) -> str:
    return f"{error.message}; {error.hint}" if error.hint else error.message


def _is_agreed(tasks: list[str]) -> bool:
    if not can_ask():
        raise BadInput("sc queue clear asks first, and nobody is here to answer", "say --yes")
    named = ", ".join(tasks[:_MOST_NAMED])
    more = f" and {len(tasks) - _MOST_NAMED} more" if len(tasks) > _MOST_NAMED else ""
    say(f"{len(tasks)} wait{'s' if len(tasks) == 1 else ''}: {named}{more}")
    return choose("take all of it out of the queue? [y/N]", ("yes", "no"), default="no") == "yes"
