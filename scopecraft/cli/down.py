"""`sc down`: the supervisor leaves, and says what goes on without it."""

from __future__ import annotations

import os
import time

import click

from scopecraft.cli.command import command
from scopecraft.cli.say import note, say
from scopecraft.errors import SupervisorFailed
from scopecraft.model.session import Session
from scopecraft.sessions.context import Context
from scopecraft.supervisor import client
from scopecraft.supervisor.holder import Holder, is_living, read_holder

_SLACK_SECONDS = 5.0  # beyond the grace, at whose end it ends itself


@command(
    "down",
    examples=(
        ("sc down", "sessions run on; the next supervisor takes them up"),
        ("sc down --stop-sessions", "end them too, their commits are taken"),
    ),
)
@click.option(
    "--stop-sessions/--leave-sessions",
    "stop_sessions",
    default=None,
    help="End what runs, politely; or let it run on. Unless given: supervisor.on_down.",
)
def down(stop_sessions: bool | None) -> None:
    """Stop the home's supervisor, and wait until it has left. What waits in the queue stays there.

    Where systemd keeps it up, it stays down until the next start of a command that needs it.
    """
    context = Context.of(os.environ)
    holder = read_holder(context.home)
    if holder is None or not is_living(holder):
        say("no supervisor is up")
        return
    _wait_until_it_listens(context, holder)
    say(f"the supervisor (pid {holder.pid}) leaves …")
    before = context.store.live()
    client.ask(context, "leave", {"stop_sessions": stop_sessions})
    _wait_until_gone(holder, context.settings.supervisor.grace + _SLACK_SECONDS)
    _tell_what_is_left(before, context.store.live())


def _wait_until_it_listens(context: Context, holder: Holder) -> None:
    """One that has just been started does so after a moment; whether it does at all, the request will tell."""
    deadline = time.monotonic() + _SLACK_SECONDS
    while is_living(holder) and not client.is_up(context) and time.monotonic() < deadline:
        time.sleep(0.02)


def _wait_until_gone(holder: Holder, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while is_living(holder):
        if time.monotonic() > deadline:
            raise SupervisorFailed(
                f"the supervisor (pid {holder.pid}) has not left after {seconds:.0f} s",
                f"`kill -KILL {holder.pid}` ends it; sessions go on, and the next one takes them up",
            )
        time.sleep(0.02)


def _tell_what_is_left(before: list[Session], live: list[Session]) -> None:
    left = {session.id for session in live}
    ended = [session for session in before if session.id not in left]
    waiting = [session for session in live if session.status.kind == "queued"]
    running = [session for session in live if session.status.kind != "queued"]
    say("it has left")
    if ended:
        say(f"ended meanwhile: {_named(ended)}")
    if running:
        say(f"left running: {_named(running)}")
        note("`sc up` takes them up again, `sc ls` shows them")
    if waiting:
        say(f"left waiting in the queue: {_named(waiting)}")


def _named(sessions: list[Session]) -> str:
    shown = ", ".join(f"{session.id} ({session.task})" for session in sessions[:10])
    return f"{shown} and {len(sessions) - 10} more" if len(sessions) > 10 else shown
