"""Waiting for a session's turn in the queue, at a terminal or in a script."""

from __future__ import annotations

import time

import click

from scopecraft.cli.choice import can_ask, choose
from scopecraft.cli.say import note, say
from scopecraft.model.session import Queued, Session
from scopecraft.sessions.context import Context
from scopecraft.sessions.stop import leave_line

POLL_SECONDS = 0.02
LOOK_SECONDS = 2.0  # between two looks for the supervisor, which somebody may have ended meanwhile


def wait_for_turn(context: Context, session: Session) -> Session | None:
    """The session once it has begun, or was taken out; None when the person goes and leaves it in line."""
    told, is_alone, next_look = 0, False, 0.0
    while True:
        try:
            version = None
            while True:
                if time.monotonic() >= next_look:
                    is_alone, next_look = _tell_alone(context, is_alone), time.monotonic() + LOOK_SECONDS
                now = context.store.data_version()
                if now != version:
                    version = now
                    session = context.store.get(session.id) or session
                    if not isinstance(session.status, Queued):
                        return session
                    told = _tell(context, session, told)
                time.sleep(POLL_SECONDS)
        except KeyboardInterrupt:
            say("")
            answer = _ask()
            if answer == "remove":
                return leave_line(context, session, "sc run")
            if answer == "leave":
                note(f"{session.task} waits on; see the queue: sc queue   take it out: sc stop {session.task}")
                return None


def _tell_alone(context: Context, was_alone: bool) -> bool:
    """Whether nobody is there to start it. One that a person ended is not started again behind their back."""
    from scopecraft.supervisor.background import ensure_up
    from scopecraft.supervisor.client import is_up
    from scopecraft.supervisor.holder import has_crashed

    is_alone = not is_up(context)
    if not is_alone or was_alone:
        return is_alone
    if has_crashed(context.home) and ensure_up(context.home, context.environ):
        note("the supervisor had ended without leaving in order; another one is up")
        return False
    note("no supervisor is up to start it: sc up")
    return True


def _tell(context: Context, session: Session, told: int) -> int:
    """Its place, whenever that is another one."""
    place = next((item.place for item in context.store.line() if item.session.id == session.id), 0)
    if place and place != told:
        note(f"place {place} in the queue")
    return place


def _ask() -> str:
    """After Ctrl-C; without a terminal to ask at, it waits on by itself."""
    if not can_ask():
        return "leave"
    try:
        question = "(l)eave it in the queue, (r)emove it, or (w)ait on? [leave]"
        return choose(question, ("leave", "remove", "wait"), default="leave")
    except (click.Abort, KeyboardInterrupt):
        return "leave"  # a second Ctrl-C: the safe answer
