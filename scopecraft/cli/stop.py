"""`sc stop`: politely, then hard."""

from __future__ import annotations

import os
from pathlib import Path

import click

from scopecraft.cli.command import command
from scopecraft.cli.say import say
from scopecraft.model.session import Ended, Queued, Session, is_live
from scopecraft.model.session_words import outcome_sentence
from scopecraft.sessions.context import Context
from scopecraft.sessions.places import session_named
from scopecraft.sessions.stop import stop_session


@command(
    "stop",
    examples=(
        ("sc stop fix-login", "the agent may finish its last words, then its commits are taken"),
        ("sc stop fix-login --now", "at once"),
    ),
)
@click.argument("session")
@click.option("--now", is_flag=True, help="Do not ask the agent to end: end it.")
@click.option("--project", help="Of the project by this name, wherever you are.")
def stop(session: str, now: bool, project: str | None) -> None:
    """End SESSION (an id, or a task's latest session). What it committed is taken to the branch either way."""
    context = Context.of(os.environ)
    found = session_named(context, session, Path.cwd(), project)
    was_live = is_live(found.status)
    is_quick = now or not was_live or isinstance(found.status, Queued)
    ended = stop_session(context, found.id, now=True) if is_quick else stop_patiently(context, found)
    assert isinstance(ended.status, Ended)
    outcome = outcome_sentence(ended.status.outcome)
    say(f"{ended.id} ({ended.task}): {outcome}" if was_live else f"{ended.id} had ended already: {outcome}")


def stop_patiently(context: Context, session: Session) -> Session:
    """Politely; Ctrl-C while it takes its time ends it at once."""
    say(f"stopping {session.id} ({session.task}); Ctrl-C ends it at once …")
    try:
        return stop_session(context, session.id, now=False)
    except KeyboardInterrupt:
        say("")
        return stop_session(context, session.id, now=True)
