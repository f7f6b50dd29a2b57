"""Rendering: one environment for all templates, in which everything is escaped unless it was made safe here."""

from __future__ import annotations

import hashlib
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

import scopecraft
from scopecraft.api.house import context_of
from scopecraft.sessions.journal import Journal
from scopecraft.web import words
from scopecraft.web.static_files import FOLDER


@cache
def environment() -> Environment:
    found = Environment(
        loader=PackageLoader("scopecraft.web", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    found.globals.update(asset=asset, version=scopecraft.__version__)
    found.filters.update(words.FILTERS)
    return found


@cache
def asset(name: str) -> str:
    """The address of a static file, which changes with its content."""
    digest = hashlib.sha256((FOLDER / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?v={digest}"


def is_part(request: Request) -> bool:
    """Whether a piece of a page is asked for, which stands in its browser already."""
    return request.headers.get("hx-request") == "true"


def note_place(request: Request) -> None:
    """Before anything of a whole page is read: what happens from here on, the page hears when it is connected."""
    if not is_part(request):
        request.state.place = Journal(context_of(request)).newest()


def render(request: Request, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    """`template` with `values`, and beside them `path`, its place in the navigation, and `place`, in the journal."""
    place = getattr(request.state, "place", None)
    text = environment().get_template(template).render(path=request.url.path, place=place, **values)
    return HTMLResponse(text, status, headers={"cache-control": "no-store", "vary": "HX-Request"})
