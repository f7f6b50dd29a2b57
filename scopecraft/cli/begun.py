"""Telling of a session that has just begun, and going on to it. Light to import, for commands that only ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from scopecraft.cli.say import note, say

if TYPE_CHECKING:
    from scopecraft.model.host_files import HostFile
    from scopecraft.model.session import Session
    from scopecraft.sessions.context import Context
    from scopecraft.supervisor.asking import Begun


def show_alone(context: Context, begun: Begun, *, detach: bool) -> int | None:
    """Follow an autonomous session, unless the person goes; its exit code then."""
    session = begun.session
    if detach:
        click.echo(session.id)
        if begun.place:
            say(_in_line(begun))
        note(f"follow it: sc attach {session.task}   end it: sc stop {session.task}")
        return None
    from scopecraft.cli.follow import follow_session

    tell_alone(begun)
    return follow_session(context, session, is_new=True)


def tell_alone(begun: Begun) -> None:
    session = begun.session
    is_up = f"{session.agent} works on {session.task}, on {session.branch}"
    say(f"{session.id}: {_in_line(begun) if begun.place else is_up}")


def _in_line(begun: Begun) -> str:
    return f"{begun.session.task} has place {begun.place} in the queue: {begun.because}"


def show_window(context: Context, session: Session, *, go_there: bool) -> None:
    """A dispatch session: its window, or how to get there."""
    if not tell_window(session):
        return
    if go_there:
        from scopecraft.cli.attach import go_to_window

        go_to_window(context, session)
    else:
        note(f"see it: sc attach {session.task}   how it is: sc ls   end it: sc stop {session.task}")


def tell_window(session: Session) -> bool:
    """Whether it is up."""
    from scopecraft.model.session import Ended
    from scopecraft.model.session_words import outcome_sentence

    if isinstance(session.status, Ended):
        say(f"{session.id} ended at once: {outcome_sentence(session.status.outcome)}")
        note(f"what it showed: sc show {session.task}")
        return False
    say(f"{session.id}: {session.agent} is up in the worktree of {session.task}, on {session.branch}")
    return True


def warn_of_files(task: str, files: tuple[HostFile, ...]) -> None:
    """An agent here, unlike one in a container, runs what is in the worktree with the person's own rights."""
    if not files:
        return
    from scopecraft.cli.changed_files import warn_of_host_files  # with a long list of patterns

    warn_of_host_files(files, f"see what it is: sc diff {task}")
