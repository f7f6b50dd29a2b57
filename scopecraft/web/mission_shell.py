"""The page of one mission: its head and timeline beside the tab that is open."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse

from scopecraft.api.house import context_of
from scopecraft.missions.finding import require_mission
from scopecraft.sessions.context import Context
from scopecraft.sessions.mission_page import MissionPage, mission_page
from scopecraft.sessions.missions_seen import seen_now
from scopecraft.web.page import is_part, render

TABS = (("log", "Log"), ("files", "Files"), ("diff", "Diff"), ("terminal", "Terminal"), ("usage", "Usage"))


def tab(request: Request, mission_id: str, name: str, part: str, **values: Any) -> HTMLResponse:
    """`part` with `values` alone for a browser that stands on the page already, else within the whole page.

    Both have `mission` and `tab`. Raises NotFound.
    """
    context = context_of(request)
    if is_part(request):
        mission = require_mission(context.home, mission_id, None)
        return render(request, part, mission=mission, tab=name, **values)
    page = page_of(context, mission_id)
    values |= {"page": page, "view": page.view, "mission": page.view.mission, "tabs": TABS, "tab": name, "part": part}
    return render(request, "mission.html", **values)


def page_of(context: Context, mission_id: str) -> MissionPage:
    """Raises NotFound and StateUnreadable."""
    mission = require_mission(context.home, mission_id, None)
    return mission_page(context, mission.id, seen_now(context, is_supervised=True, costs=dict, mission_id=mission.id))
