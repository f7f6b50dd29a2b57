"""`/`: all missions, what needs a person first."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse

from scopecraft.api.house import context_of
from scopecraft.sessions.missions_seen import missions_seen, seen_now
from scopecraft.web.page import render

router = APIRouter()


@router.get("/")
def missions(request: Request) -> HTMLResponse:
    context = context_of(request)
    seen = seen_now(context, is_supervised=True, costs=dict)
    views, damaged = missions_seen(context, seen, lambda _: True, completed=50)
    return render(request, "missions.html", views=views, damaged=damaged)
