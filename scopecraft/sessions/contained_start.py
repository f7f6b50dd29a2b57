"""Starting a dispatch session in a container: the same room as an autonomous agent's, and a window for its terminal.

The container comes first, with a shell in it that waits. The window's program starts the agent there, and ends with it.
"""

from __future__ import annotations

import contextlib
import sys
import time
from dataclasses import replace

from scopecraft.errors import ScopecraftError
from scopecraft.executors.container_terminal import TerminalPlace
from scopecraft.executors.tmux_client import check_version
from scopecraft.model.handle import ContainerHandle, Exited, WindowHandle
from scopecraft.model.launch import ContainerLaunch, WindowLaunch
from scopecraft.model.naming import check_title
from scopecraft.model.session import Session, handle_of
from scopecraft.sessions.adoption import start_in_place
from scopecraft.sessions.agent_choice import (
    Chosen,
    Place,
    agent_request,
    choose_agent,
    choose_image,
    require_command,
    require_credentials,
    require_program,
)
from scopecraft.sessions.beginning import Beginning, begin, came_up
from scopecraft.sessions.container_start import in_window, laid_out, room_for
from scopecraft.sessions.context import Context
from scopecraft.sessions.places import within_project_of
from scopecraft.sessions.request import StartRequest
from scopecraft.sessions.set_up import set_up_if_due
from scopecraft.sessions.window_start import EARLY_DEATH_SECONDS, refuse_early_death

# `-P`: nothing of the folder that it stands in is ever imported
CLIENT = (sys.executable, "-P", "-m", "scopecraft.cli.window_client")
PLACE = "terminal.json"  # in launch/
PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "COLORTERM", "PYTHONPATH", "VIRTUAL_ENV")
BEGIN_SECONDS = 15.0
POLL_SECONDS = 0.05


def start_contained_window(context: Context, request: StartRequest) -> Session:
    """A running dispatch session whose agent is in a container; StartFailed with its last words when it dies at once.

    What it begins with is the dialect's word on the request (`container_start`): a request that goes on with another
    session's conversation needs no more than to say so there, and to lay that out in the agent's configuration folder.
    """
    context, chosen, image = choose_contained(context, request)
    with room_for(context, request, image) as (ready, room):
        room = replace(room, window=context.tmux.socket)
        with begin(context, request, chosen, ready, "contained window") as beginning:
            if set_up_if_due(context, beginning):
                room = replace(room, needs=None)  # it may have changed the worktree
            with laid_out(context, beginning, room) as launch:
                session = came_up(context, beginning.session, _opened(context, beginning, launch))
    return _survived(context, session)


def choose_contained(context: Context, request: StartRequest) -> tuple[Context, Chosen, str]:
    """The context with its project's settings, the agent, the image. Raises what speaks against it; makes nothing."""
    check_title(request.task)
    context = within_project_of(context, request)
    chosen = choose_agent(context, request.agent)
    require_command(context, chosen, request, chosen.settings.command)
    # for what it refuses: a prompt that is too long for an argument, say
    chosen.dialect.interactive(agent_request(chosen, request, in_window(Place(chosen.settings.command))))
    require_credentials(context, chosen)
    check_version()
    image = choose_image(context, chosen)
    require_program(context, chosen, image)
    return context, chosen, image


def _opened(context: Context, beginning: Beginning, launch: ContainerLaunch) -> WindowHandle:
    """The window, its container running. Where no window opens, no container stays."""
    session, folder = beginning.session, beginning.folder
    container = start_in_place(context, launch)
    try:
        TerminalPlace(container, launch.user, session.worktree).save(folder.path / "launch" / PLACE)
        return context.tmux.start(
            WindowLaunch(
                session_id=session.id,
                window_name=f"{session.task}-{session.mode}",
                argv=(*CLIENT, str(folder.path / "launch" / PLACE)),
                env={name: context.environ[name] for name in PASSED_ON if name in context.environ},
                unset=(),
                cwd="/",  # and not where an agent writes
                folder=folder.path / "launch",
            )
        )
    except BaseException:  # an interrupted start, too
        _discard(context, container)
        raise


def _discard(context: Context, container: ContainerHandle) -> None:
    with contextlib.suppress(ScopecraftError):
        engine = context.engine_of(container)
        engine.stop(container, grace_seconds=0)
        engine.forget(container)


def _survived(context: Context, session: Session) -> Session:
    """Once its agent has begun, the first moment of that is watched, as that of any window's is."""
    handle = handle_of(session.status)
    if not isinstance(handle, WindowHandle):
        return session
    folder = context.folder(session.id)
    deadline = time.monotonic() + BEGIN_SECONDS
    died: Exited | None = None
    while not (folder.out / "terminal").exists() and died is None and time.monotonic() < deadline:
        died = context.tmux.early_death(handle, seconds=POLL_SECONDS)
    died = died or context.tmux.early_death(handle, seconds=EARLY_DEATH_SECONDS)
    if died is None and (folder.out / "left").exists():
        died = context.tmux.early_death(handle, seconds=BEGIN_SECONDS)  # its commits are being read out
    return refuse_early_death(context, session, died)
