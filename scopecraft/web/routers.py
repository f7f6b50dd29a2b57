"""All pages, and the files that they are made of."""

from __future__ import annotations

from fastapi import APIRouter, Depends, FastAPI

from scopecraft.web import (
    diff_pages,
    docs_pages,
    file_pages,
    journal_pages,
    log_pages,
    login_pages,
    mission_new_pages,
    mission_pages,
    missions_pages,
    queue_pages,
    session_pages,
    settings_pages,
    terminal_pages,
    usage_pages,
)
from scopecraft.web.page import note_place
from scopecraft.web.static_files import StaticFolder

ROUTERS: tuple[APIRouter, ...] = (
    docs_pages.router,
    missions_pages.router,
    mission_new_pages.router,
    mission_pages.router,
    log_pages.router,
    file_pages.router,
    diff_pages.router,
    terminal_pages.router,
    usage_pages.router,
    journal_pages.router,
    queue_pages.router,
    session_pages.router,
    settings_pages.router,
)


def include_pages(app: FastAPI) -> None:
    app.include_router(login_pages.router, include_in_schema=False)
    for router in ROUTERS:
        app.include_router(router, include_in_schema=False, dependencies=[Depends(note_place)])
    app.mount("/static", StaticFolder())
