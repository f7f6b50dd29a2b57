"""How the missions of a home stand, with what the supervisor knows of it."""

from __future__ import annotations

from scopecraft.sessions.context import Context
from scopecraft.sessions.missions_seen import Seen, seen_now
from scopecraft.supervisor.holder import read_holder
from scopecraft.supervisor.watching import live_costs


def look_at_missions(context: Context, mission_id: str | None = None) -> Seen:
    """At all of them, or at one, before their files are read: what ended unseen is settled if nobody else does it."""
    return seen_now(
        context, is_supervised=_is_up(context), costs=lambda: live_costs(context.home), mission_id=mission_id
    )


def _is_up(context: Context) -> bool:
    if read_holder(context.home) is None:
        return False
    from scopecraft.supervisor.client import is_up  # loads sockets

    return is_up(context)
