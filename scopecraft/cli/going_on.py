"""What retry, resume, takeover and handback share: starting a session that follows another one, and showing it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scopecraft.cli.changed_files import warn_of_host_files
from scopecraft.cli.included import tell_included
from scopecraft.cli.say import note, say
from scopecraft.cli.settings_question import ask_about_settings
from scopecraft.cli.setup import tell_setup
from scopecraft.model.host_files import HostFile
from scopecraft.model.session import Ended, Session
from scopecraft.model.session_words import outcome_sentence
from scopecraft.sessions.context import Context
from scopecraft.sessions.places import session_named
from scopecraft.sessions.request import StartRequest
from scopecraft.sessions.settle import settle

if TYPE_CHECKING:
    from scopecraft.supervisor.asking import Begun


def settled(context: Context, name: str, project: str | None) -> Session:
    """The session that a person names, as it is now."""
    return settle(context, session_named(context, name, Path.cwd(), project).id)


def spoken(request: StartRequest) -> StartRequest:
    """The same, of which a person at this terminal hears, and is asked."""
    return replace(
        request,
        on_settings=ask_about_settings,
        on_included=tell_included,
        on_host_files=_warn_of_files,
        on_note=say,
        on_setup=tell_setup,
    )


def start_alone(context: Context, request: StartRequest) -> Begun:
    """An autonomous session, which begins now or waits in line."""
    from scopecraft.supervisor.asking import ask_to_run

    return ask_to_run(context, request)


def open_window(context: Context, request: StartRequest, *, on_host: bool) -> Session:
    """A dispatch session, on this machine or in a container."""
    from scopecraft.supervisor.asking import ask_to_dispatch

    return ask_to_dispatch(context, request, contained=not on_host)


def show_alone(context: Context, begun: Begun, *, detach: bool) -> int | None:
    """Follow it, unless the person goes."""
    session = begun.session
    queued = f"{session.task} has place {begun.place} in the queue: {begun.because}"
    if detach:
        click.echo(session.id)
        if begun.place:
            say(queued)
        note(f"follow it: sc attach {session.task}   end it: sc stop {session.task}")
        return None
    from scopecraft.cli.follow import follow_session

    is_up = f"{session.agent} works on {session.task}, on {session.branch}"
    say(f"{session.id}: {queued if begun.place else is_up}")
    return follow_session(context, session, is_new=True)


def show_window(context: Context, session: Session, *, go_there: bool) -> None:
    if isinstance(session.status, Ended):
        say(f"{session.id} ended at once: {outcome_sentence(session.status.outcome)}")
        note(f"what it showed: sc show {session.task}")
        return
    say(f"{session.id}: {session.agent} is up in the worktree of {session.task}, on {session.branch}")
    if go_there:
        from scopecraft.cli.attach import go_to_window

        go_to_window(context, session)
    else:
        note(f"see it: sc attach {session.task}   how it is: sc ls   end it: sc stop {session.task}")


def _warn_of_files(task: str, files: tuple[HostFile, ...]) -> None:
    """An agent on this machine runs what is in the worktree with the person's own rights."""
    warn_of_host_files(files, f"see what it is: sc diff {task}")
