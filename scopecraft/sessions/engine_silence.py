"""Whether agents in containers can begin at all just now."""

from __future__ import annotations

from scopecraft.executors.engine_look import silence_of
from scopecraft.sessions.context import Context


def engine_silence(context: Context) -> str | None:
    """Why the container engine does not answer; None where it does, or is on another machine. At most 2 s."""
    return silence_of(context.engine)
