"""`/m/{id}`: the parts of a mission's page that follow what happens: its head, its timeline, and what waits."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse

from scopecraft.api.gate_models import SeenAtGate
from scopecraft.api.house import context_of
from scopecraft.errors import ScopecraftError
from scopecraft.sessions.context import Context
from scopecraft.sessions.gate_content import OpenGate, gate_of
from scopecraft.sessions.mission_page import MissionPage
from scopecraft.web.mission_shell import page_of, shown
from scopecraft.web.page import render

router = APIRouter()


@router.get("/m/{mission_id}/head")
def head(request: Request, mission_id: str) -> HTMLResponse:
    context = context_of(request)
    return render(request, "parts/mission_head.html", **shown(request, context, page_of(context, mission_id)))


@router.get("/m/{mission_id}/timeline")
def timeline(request: Request, mission_id: str) -> HTMLResponse:
    context = context_of(request)
    return render(request, "parts/timeline.html", **shown(request, context, page_of(context, mission_id)))


@router.get("/m/{mission_id}/gate")
def gate(request: Request, mission_id: str, step: str | None = None) -> HTMLResponse:
    """What happens next, and at a gate what exactly is approved; asking git for that takes a while."""
    context = context_of(request)
    page = page_of(context, mission_id)
    values = {**shown(request, context, page), **_gate_values(context, page, step)}
    return render(request, "parts/gate.html", **values)


def _gate_values(context: Context, page: MissionPage, step: str | None) -> dict[str, Any]:
    """`gate` is None where none waits, or what it is about cannot be read: `trouble` says why."""
    values: dict[str, Any] = {"gate": None, "trouble": None, "seen": None}
    waiting = [each.id for each, mark in page.view.marks if each.is_gate and mark == "waits"]
    if page.view.next.stage != "gate":
        return values
    try:
        found = gate_of(context, page.view.mission, step if step in waiting else None)
    except ScopecraftError as error:
        return {**values, "trouble": error}
    return {"gate": found, "trouble": None, "seen": seen_of(found)}


def seen_of(gate: OpenGate) -> dict[str, str | None]:
    """What is shown, as an approval sends it back."""
    seen = gate.seen
    return SeenAtGate(sha256=seen.sha256, commit=seen.commit, tree=seen.tree).model_dump()
