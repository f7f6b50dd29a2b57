"""`/usage`: what agents used, in a picture and in tables; and the usage tab of a mission."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from starlette.responses import HTMLResponse

from scopecraft.api.house import context_of
from scopecraft.config.projects import load_projects
from scopecraft.missions.finding import require_mission
from scopecraft.model import clock
from scopecraft.model.mission_words import money_text
from scopecraft.sessions.mission_usage import mission_usage
from scopecraft.sessions.usage import WEEK_DAYS, Days, UsageRow, tokens_in, tokens_of, usage_report
from scopecraft.state.used import DIMENSIONS
from scopecraft.supervisor.watching import activities_of
from scopecraft.web.mission_shell import tab
from scopecraft.web.page import render
from scopecraft.web.words import short_count

router = APIRouter()
Range = Literal["week", "month", "all"]
RANGES: dict[Range, str] = {"week": "Week", "month": "Month", "all": "All"}
SAID: dict[Range, str] = {"week": "in the last 7 days", "month": "in the last 30 days", "all": "since ever"}
MONTH_DAYS = 30
MOST_MISSIONS = 50


@dataclass(frozen=True, slots=True)
class Shown:
    """A row as the page has it; `share` is its part of the largest, in percent."""

    row: UsageRow
    label: str
    share: float
    href: str = ""

    @property
    def tokens_in(self) -> int:
        return tokens_in(self.row.usage)

    @property
    def said(self) -> str:
        """`≥ $4.80 · in 530k · out 52k · 4 sessions`"""
        usage, count = self.row.usage, self.row.sessions
        cost = money_text(usage.cost_usd)
        told = f"≥ {cost}" if self.row.untold and cost else cost or ("unknown cost" if count else "")
        tokens = f"in {short_count(self.tokens_in)} · out {short_count(usage.output_tokens)}"
        return " · ".join(part for part in (told, tokens, f"{count} session{'' if count == 1 else 's'}") if part)


@router.get("/usage")
def usage(request: Request, range_: Annotated[Range, Query(alias="range")] = "week", project: str = "") -> HTMLResponse:
    context = context_of(request)
    now = clock.now()
    days = _days(range_, now.astimezone().date())
    live = activities_of(context.home)
    report = usage_report(context, days, DIMENSIONS, live=live, project=project or None, now=now)
    missions = report.rows["mission"]
    return render(
        request,
        "usage.html",
        total=Shown(report.total, "All", 0.0),
        days=_shown(report.rows["day"], _day_label),
        agents=_shown(report.rows["agent"], lambda row: row.name),
        models=_shown(report.rows["model"], lambda row: row.name or "not named"),
        missions=_shown(missions[:MOST_MISSIONS], lambda row: row.name, "/m/"),
        more_missions=len(missions) - MOST_MISSIONS,
        ranges=RANGES,
        range=range_,
        said=SAID[range_],
        project=project,
        projects=[each.name for each in load_projects(context.home)],
    )


@router.get("/m/{mission_id}/usage")
def of_mission(request: Request, mission_id: str) -> HTMLResponse:
    context = context_of(request)
    mission = require_mission(context.home, mission_id, None)
    told = mission_usage(context, mission.id, activities_of(context.home))
    return tab(request, mission.id, "usage", "parts/usage.html", spent=told, tokens_in=tokens_in)


def _days(chosen: Range, today: date) -> Days:
    if chosen == "all":
        return Days()
    return Days.last_ones(WEEK_DAYS if chosen == "week" else MONTH_DAYS, today)


def _shown(rows: tuple[UsageRow, ...], label: Callable[[UsageRow], str], folder: str = "") -> list[Shown]:
    """Bars are of the cost, or of the tokens where nobody named any cost."""
    has_costs = any(row.usage.cost_usd for row in rows)
    sizes = [(row.usage.cost_usd or 0.0) if has_costs else tokens_of(row.usage) for row in rows]
    largest = max(sizes, default=0) or 1
    return [
        Shown(row, label(row), round(100 * size / largest, 1), f"{folder}{row.key}" if folder else "")
        for row, size in zip(rows, sizes, strict=True)
    ]


def _day_label(row: UsageRow) -> str:
    """`Sat 21 Nov`"""
    day = date.fromisoformat(row.key)
    return f"{day:%a} {day.day} {day:%b}"
