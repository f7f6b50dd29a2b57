"""`sc attach`: the tmux window of a dispatch session, or the live log of any other."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from scopecraft.cli.border import INTERRUPTED
from scopecraft.cli.choice import can_ask, choose_number
from scopecraft.cli.command import command
from scopecraft.cli.terminal import is_terminal
from scopecraft.errors import BadInput, NotFound, Refused
from scopecraft.model.handle import WindowHandle
from scopecraft.model.session import Ended, Session, handle_of, is_live
from scopecraft.model.session_words import outcome_sentence
from scopecraft.sessions.context import Context
from scopecraft.sessions.look import look_at_all
from scopecraft.sessions.places import session_named
from scopecraft.sessions.settle import settle


@command(
    "attach",
    examples=(
        ("sc attach", "choose from what is alive"),
        ("sc attach fix-login", "its window, or its live log"),
    ),
)
@click.argument("session", required=False)
@click.option("--project", help="Of the project by this name, wherever you are.")
def attach(session: str | None, project: str | None) -> int | None:
    """Go to SESSION: the tmux window of a dispatch session, the live log of any other.

    Leave the window with your tmux prefix and d; the agent goes on. Inside tmux the window opens nested in a new
    window of yours. Without SESSION you choose from what is alive.
    """
    context = Context.of(os.environ)
    found = _chosen(context, session, project)
    if isinstance(found.status, Ended):
        log = f"sc logs {found.id}   or: " if found.executor != "tmux" else ""
        raise Refused(
            f"{found.task} has ended: {outcome_sentence(found.status.outcome)}", f"read it: {log}sc show {found.id}"
        )
    if found.executor != "tmux":
        from scopecraft.cli.follow import follow_session

        code = follow_session(context, found, is_new=False)
        return None if code == INTERRUPTED else code  # to go is how one leaves
    go_to_window(context, found)
    return None


def _chosen(context: Context, name: str | None, project: str | None) -> Session:
    if name is None:
        return pick(context, project)
    return settle(context, session_named(context, name, Path.cwd(), project).id)


def pick(context: Context, project: str | None = None) -> Session:
    """What is alive, to choose from by number; the only one there is needs no choice."""
    from scopecraft.cli.ls import STATES, print_sessions

    live = [session for session in context.store.live() if project in (None, session.project)]
    views = [view for view in look_at_all(context, live) if is_live(view.session.status)]
    if not views:
        raise NotFound("nothing is alive to attach to", "see what ended with: sc ls")
    if len(views) == 1:
        return views[0].session
    if not can_ask():
        raise BadInput("which session?", "name one: " + ", ".join(view.session.task for view in views[:8]))
    views.sort(key=lambda view: STATES.index(view.word))
    print_sessions(views, numbered=True)
    number = choose_number(f"which one? [1-{len(views)}]", len(views))
    if number is None:
        raise click.Abort
    return views[number - 1].session


def go_to_window(context: Context, session: Session) -> None:
    """Becomes the tmux client; returns only where the window opened in another window of the person's tmux."""
    argv = window_command(context, session)
    if not is_terminal(sys.stdin) or not is_terminal(sys.stdout):
        raise Refused("this is no terminal to attach to", f"read it instead: sc show {session.id}")
    os.execvp(argv[0], argv)


def window_command(context: Context, session: Session) -> list[str]:
    """What to run to see the session's window, from this terminal or from the tmux around it. Raises Refused."""
    handle = handle_of(session.status)
    if not isinstance(handle, WindowHandle):
        raise Refused(f"{session.id} has no window: it is {session.status.kind}", f"see it with: sc show {session.id}")
    return context.tmux_of(handle).attach_command(
        handle, inside_tmux=context.environ.get("TMUX"), window_name=session.task
    )
