"""All pages, and the files that they are made of."""

from __future__ import annotations

from fastapi import APIRouter, FastAPI

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
from scopecraft.web.static_files import StaticFolder

ROUTERS: tuple[APIRouter, ...] = (
    login_pages.router,
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
    for router in ROUTERS:
        app.include_router(router, include_in_schema=False)
    app.mount("/static", StaticFolder())
