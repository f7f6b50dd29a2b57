"""The mission that a path names, by its whole id, and how it stands."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path

from scopecraft.errors import NotFound
from scopecraft.missions.folder import folder_by_id
from scopecraft.missions.listing import read_listed
from scopecraft.model.ids import MISSION_ID
from scopecraft.model.mission import Mission
from scopecraft.sessions.context import Context
from scopecraft.sessions.mission_detail import detail_dict
from scopecraft.sessions.mission_page import mission_page
from scopecraft.sessions.missions_seen import Seen, seen_now
from scopecraft.supervisor.watching import live_costs

MissionId = Annotated[str, Path(description="A mission's id, as the list has it.", examples=["m-019a5d2c7b3e4f21"])]


def mission_of(context: Context, mission_id: str) -> Mission:
    """Raises NotFound, and StateUnreadable for one whose file cannot be read."""
    if MISSION_ID.fullmatch(mission_id) is None or folder_by_id(context.home, mission_id) is None:
        raise NotFound(f"Mission not found: {mission_id}", "GET /api/missions lists those that there are")
    return read_listed(context.home, mission_id).mission


def look(context: Context, mission_id: str | None = None) -> Seen:
    """HTTP is answered by the supervisor, which settles what ends."""
    return seen_now(context, is_supervised=True, costs=lambda: live_costs(context.home), mission_id=mission_id)


def detail_of(context: Context, mission_id: str) -> dict[str, Any]:
    """Of one that was found. Raises what `mission_of` raises."""
    mission = mission_of(context, mission_id)
    return detail_dict(context, mission_page(context, mission.id, look(context, mission.id)))
