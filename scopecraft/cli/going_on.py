"""What retry, resume, takeover and handback share: starting a session that follows another one, and showing it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from scopecraft.cli.begun import warn_of_files
from scopecraft.cli.included import tell_included
from scopecraft.cli.say import say
from scopecraft.cli.settings_question import ask_about_settings
from scopecraft.cli.setup import tell_setup
from scopecraft.model.session import Session
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
        on_host_files=warn_of_files,
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
