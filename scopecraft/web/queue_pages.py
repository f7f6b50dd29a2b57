"""`/queue`: the slots and who has them, who waits in which order, and what holds the line up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse

from scopecraft.api.house import context_of
from scopecraft.model import clock
from scopecraft.model.duration import duration_text
from scopecraft.model.queue import QueueRules
from scopecraft.queueing.admission import below_floor, is_parked
from scopecraft.sessions.context import Context
from scopecraft.sessions.floors import floors_of
from scopecraft.sessions.queue_seen import QueueView, queue_view
from scopecraft.supervisor.client import is_up
from scopecraft.web.page import is_part, render

router = APIRouter()


@dataclass(frozen=True, slots=True)
class HeldUp:
    """Why nothing of the line begins, and what a person can do about it."""

    kind: str
    message: str
    hint: str = ""


@router.get("/queue")
def queue(request: Request) -> HTMLResponse:
    context = context_of(request)
    seen = queue_view(context, is_supervised=is_up(context))
    held = held_up(context, seen, clock.now())
    others = seen.occupancy.waiting - seen.occupancy.waiting_new
    free = max(0, seen.rules.max_running - len(seen.running))
    template = "parts/queue_line.html" if is_part(request) else "queue.html"
    can_resume = any(each.kind in ("paused", "parked") for each in held)
    values: dict[str, Any] = {"seen": seen, "rules": seen.rules, "held": held, "others": others, "free": free}
    return render(request, template, can_resume=can_resume, **values)


def held_up(context: Context, seen: QueueView, now: datetime) -> list[HeldUp]:
    rules = seen.rules
    found = []
    if rules.is_paused:
        found.append(HeldUp("paused", f"Paused: {rules.paused_because or 'by you'}", "What runs goes on."))
    if is_parked(rules, clock.to_text(now)):
        found.append(HeldUp("parked", _parked(rules, now), "It goes on then by itself; Resume tries it now."))
    low = below_floor(floors_of(context))
    if low is not None:
        found.append(
            HeldUp(low.obstacle, f"Nothing begins: {low.because}", "Free some, or change the floor: settings.")
        )
    if not seen.is_supervised and seen.waiting:
        found.append(HeldUp("supervisor", "No supervisor is up to start what waits", "Start it: sc up"))
    return found


def _parked(rules: QueueRules, now: datetime) -> str:
    assert rules.parked_until is not None
    moment = clock.from_text(rules.parked_until)
    here, today = moment.astimezone(), now.astimezone()
    shown = f"{here:%H:%M}" if here.date() == today.date() else f"{here:%a %d %b %H:%M}"
    why = f" because {rules.parked_because}" if rules.parked_because else ""
    return f"Parked until {shown} (in {duration_text((moment - now).total_seconds())}){why}"
