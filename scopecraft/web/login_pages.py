"""Where a browser that is not known stands, and where a one-time link leads: its code is behind the #."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse

from scopecraft.web.page import render

router = APIRouter()


@router.get("/login")
async def login(request: Request) -> HTMLResponse:
    return render(request, "login.html")
