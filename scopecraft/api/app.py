"""The app: all routes, and how whatever goes wrong is told. The guard stands around it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Depends, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

import scopecraft
from scopecraft.api import (
    contract,
    events_socket,
    file_routes,
    health_routes,
    journal_routes,
    log_routes,
    login_routes,
    queue_routes,
    session_routes,
    session_start_routes,
    session_talk_routes,
    settings_routes,
    terminal_socket,
    usage_routes,
    worktree_routes,
)
from scopecraft.api.answer import plain
from scopecraft.api.error_table import error_body, status_of, unknown_path
from scopecraft.api.guard import Guard
from scopecraft.api.house import House
from scopecraft.api.mission_list import ListFirst, MissionList
from scopecraft.api.openapi import DescribedApp
from scopecraft.api.whole_text import whole_text
from scopecraft.errors import ScopecraftError
from scopecraft.web.failure import failure_page
from scopecraft.web.routers import include_pages

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.types import ASGIApp

ROUTERS: tuple[APIRouter, ...] = (
    health_routes.router,
    *contract.ROUTERS,
    login_routes.router,
    log_routes.router,
    events_socket.router,
    file_routes.router,
    terminal_socket.router,
    usage_routes.router,
    journal_routes.router,
    queue_routes.router,
    session_routes.router,
    session_start_routes.router,
    session_talk_routes.router,
    settings_routes.router,
    worktree_routes.router,
)
_log = logging.getLogger(__name__)


def make_app(house: House) -> ASGIApp:
    app = DescribedApp(
        title="scopecraft",
        version=scopecraft.__version__,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        dependencies=[Depends(whole_text)],
    )
    app.state.house = house
    app.state.missions = missions = MissionList(house.contexts, house.missions)
    for router in ROUTERS:
        app.include_router(router)
    include_pages(app)
    app.add_exception_handler(ScopecraftError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _fault)
    return Guard(ListFirst(app, missions), house.rules, house.access, house.bounds)


def refused(request: Request, status: int, message: str, hint: str = "") -> Response:
    """A page for who looks at one, JSON in the form of the path for everybody else."""
    path = request.url.path
    if not path.startswith("/api/") and "text/html" in request.headers.get("accept", ""):
        return failure_page(request, status, message, hint)
    return plain(error_body(path, status, message, hint), status)


async def _ours(request: Request, error: Exception) -> Response:
    assert isinstance(error, ScopecraftError)
    return refused(request, status_of(error), error.message, error.hint)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return refused(request, 400, ", ".join(problem_text(each) for each in error.errors()))


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code in (404, 405):
        return refused(request, 404, unknown_path(request.method, request.url.path))
    return refused(request, error.status_code, str(error.detail))


async def _fault(request: Request, error: Exception) -> Response:
    """A border: what is our own fault is written into the log, and told without a traceback."""
    _log.error("%s %s: a fault of scopecraft", request.method, request.url.path, exc_info=error)
    return refused(request, 500, "a fault of scopecraft itself", "what it was: sc status")


def problem_text(problem: dict[str, Any]) -> str:
    """`rawInput: Required`; where the body as a whole is wrong, without a name."""
    place: Sequence[Any] = [part for part in problem["loc"] if part not in ("body", "query", "path")]
    if problem["type"] == "json_invalid":
        return "the body is no JSON"
    said = "Required" if problem["type"] == "missing" else str(problem["msg"]).removeprefix("Value error, ")
    if not place and problem["type"] == "missing":
        return "a JSON body is required"
    return f"{'.'.join(map(str, place))}: {said}" if place else said
