"""Containers of the home that belong to no living session: away with them."""

from __future__ import annotations

from scopecraft.errors import Refused
from scopecraft.sessions.context import Context
from scopecraft.sessions.orphans import known_in
from scopecraft.sessions.orphans_running import containers


def remove_orphan_containers(context: Context) -> int:
    """How many were removed. Raises EngineUnavailable and EngineFailed; one that came to life stays."""
    removed = 0
    for orphan in list(containers(context, known_in(context))):
        if orphan.clear is None:
            continue
        try:
            orphan.clear()
        except Refused:
            continue
        removed += 1
    return removed
