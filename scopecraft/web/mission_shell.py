"""The page of one mission: its head and timeline beside the tab that is open."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse

from scopecraft.api.house import context_of
from scopecraft.missions.finding import find_mission, require_mission
from scopecraft.model import clock
from scopecraft.model.mission_words import STEP_WORDS
from scopecraft.sessions.context import Context
from scopecraft.sessions.mission_page import MissionPage, mission_page
from scopecraft.sessions.mission_story import latest_checks, latest_outside, played_by, runs_beside
from scopecraft.sessions.missions_seen import seen_now
from scopecraft.supervisor.watching import activities_of, live_costs
from scopecraft.web.board import board_of
from scopecraft.web.mission_view import can_of, rows_of, used_of
from scopecraft.web.page import is_part, render

TABS = (("log", "Log"), ("files", "Files"), ("diff", "Diff"), ("terminal", "Terminal"), ("usage", "Usage"))
ANSWER_SECONDS = 0.2


def tab(request: Request, mission_id: str, name: str, part: str, **values: Any) -> HTMLResponse:
    """`part` with `values` alone for a browser that stands on the page already, else within the whole page.

    Both have `mission` and `tab`. Raises NotFound.
    """
    context = context_of(request)
    if is_part(request):
        mission = require_mission(context.home, mission_id, None)
        return render(request, part, mission=mission, tab=name, **values)
    page = page_of(context, mission_id)
    return render(
        request, "mission.html", **{**values, **shown(request, context, page), "tabs": TABS, "tab": name, "part": part}
    )


def page_of(context: Context, mission_id: str) -> MissionPage:
    """Raises NotFound and StateUnreadable."""
    mission = require_mission(context.home, mission_id, None)
    seen = seen_now(context, is_supervised=True, costs=lambda: live_costs(context.home), mission_id=mission.id)
    return mission_page(context, mission.id, seen)


def shown(request: Request, context: Context, page: MissionPage) -> dict[str, Any]:
    """What the head, the timeline and the gate of a mission are made of."""
    now = clock.now()
    everywhere = seen_now(context, is_supervised=True, costs=dict)
    activities = activities_of(context.home, ANSWER_SECONDS) if page.view.live else {}
    return {
        "page": page,
        "view": page.view,
        "mission": page.view.mission,
        "rows": rows_of(page, now),
        "used": used_of(page, activities),
        "can": can_of(page),
        "beside": runs_beside(page, now),
        "checks": latest_checks(page),
        "outside": latest_outside(page),
        "step_words": STEP_WORDS,
        "played_by": played_by,
        "parent": _parent(context, page),
        "parts": board_of(request).parts_of(page.view.mission.id, everywhere),
    }


def _parent(context: Context, page: MissionPage) -> str | None:
    """The id of the mission that it is a part of, where that can still be opened."""
    parent = page.view.mission.parent
    return parent if parent and find_mission(context.home, parent, None, partial=False) else None
