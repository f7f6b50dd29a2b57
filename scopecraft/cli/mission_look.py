"""How the missions of a home stand, with what the supervisor knows of it."""

from __future__ import annotations

from collections.abc import Mapping

from scopecraft.errors import ScopecraftError
from scopecraft.sessions.context import Context
from scopecraft.sessions.missions_seen import Seen, seen_now
from scopecraft.supervisor.holder import read_holder

ANSWER_SECONDS = 0.2  # a supervisor that is busy costs a list its live prices, and no more


def look_at_missions(context: Context, mission_id: str | None = None) -> Seen:
    """At all of them, or at one, before their files are read: what ended unseen is settled if nobody else does it."""
    return seen_now(context, is_supervised=_is_up(context), costs=lambda: live_costs(context), mission_id=mission_id)


def _is_up(context: Context) -> bool:
    if read_holder(context.home) is None:
        return False
    from scopecraft.supervisor.client import is_up  # loads sockets

    return is_up(context)


def live_costs(context: Context) -> Mapping[str, float]:
    """By session, of those that the supervisor follows; nothing where none is up, or it does not answer at once."""
    if read_holder(context.home) is None:
        return {}
    from scopecraft.supervisor.client import ask

    try:
        followed = ask(context.home, "activities", {}, seconds=ANSWER_SECONDS)
    except ScopecraftError:
        return {}
    costs = {session_id: activity.get("cost_usd") for session_id, activity in followed.items()}
    return {session_id: float(cost) for session_id, cost in costs.items() if isinstance(cost, int | float)}
