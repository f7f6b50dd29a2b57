"""The supervisor hears of a change at once; where none is up, one is started for what waits."""

from __future__ import annotations

from scopecraft.cli.say import note, warn
from scopecraft.errors import SupervisorFailed
from scopecraft.sessions.context import Context


def wake_supervisor(context: Context) -> None:
    """It looks at the queue now, if it is up."""
    from scopecraft.supervisor.client import poke

    poke(context)


def need_supervisor(context: Context) -> None:
    """One that is up looks now, else one is started, and not waited for. What keeps it from that is told."""
    from scopecraft.supervisor.background import NEVER, ensure_up

    try:
        is_up = ensure_up(context.home, context.environ, wait_seconds=0)
    except SupervisorFailed as error:
        warn(f"what waits does not begin yet: {error.message}", error.hint)
        return
    if is_up:
        wake_supervisor(context)
    elif context.environ.get("SCOPECRAFT_SUPERVISOR") == NEVER:
        note("no supervisor is up to start what waits: sc up")
