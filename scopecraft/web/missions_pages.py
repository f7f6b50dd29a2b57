"""`/`: all missions, what needs a person first; as a list, or by project with their worktrees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, groupby
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from starlette.responses import HTMLResponse, Response

from scopecraft.api.answer import plain
from scopecraft.api.house import context_of
from scopecraft.config.projects import Project, is_there, load_projects
from scopecraft.model.mission_words import Stage
from scopecraft.model.session import Queued
from scopecraft.model.text import clean_line
from scopecraft.sessions.engine_silence import engine_silence
from scopecraft.sessions.missions_board import Glance, Wanted, with_costs
from scopecraft.sessions.missions_seen import MissionView, seen_now
from scopecraft.sessions.worktrees_dirty import dirty_of
from scopecraft.supervisor.watching import live_costs
from scopecraft.web.board import board_of
from scopecraft.web.page import is_part, render

PAGE = 100
COMPLETED = 50
MOST = 2000  # a browser that has more rows than these only scrolls
LONGEST_FILTER = 200
NOTIFIED: frozenset[Stage] = frozenset({"asks", "gate", "failed"})  # whom it interrupts has something to do
MOST_NOTIFIED = 50
router = APIRouter()

View = Annotated[str, Query(pattern="^(list|projects)$")]
Shown = Annotated[int, Query(ge=1, le=MOST)]
Done = Annotated[int, Query(ge=0, le=MOST)]


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for: `show` rows of what is under way, `done` of what is complete."""

    q: str
    view: str
    show: int
    done: int

    def address(self, **changes: object) -> str:
        """Of the same with other numbers; what is as it is anyway is left out."""
        usual = {"q": "", "view": "list", "show": PAGE, "done": 0}
        asked = {name: changes.get(name, getattr(self, name)) for name in usual}
        told = {name: value for name, value in asked.items() if value != usual[name]}
        return f"/?{urlencode(told)}" if told else "/"


@dataclass(frozen=True, slots=True)
class Group:
    """The missions of a project; `project` is None for one that is not linked any more."""

    name: str
    project: Project | None
    is_there: bool
    views: Sequence[MissionView]


@router.get("/")
def missions(request: Request, q: str = "", view: View = "list", show: Shown = PAGE, done: Done = 0) -> HTMLResponse:
    context = context_of(request)
    asked = Asked(q[:LONGEST_FILTER], view, show, done)
    seen = seen_now(context, is_supervised=True, costs=lambda: live_costs(context.home))
    glance = board_of(request).look(seen, Wanted(asked.q))
    under_way = with_costs(context, glance.under_way[: asked.show], seen)
    complete = with_costs(context, glance.complete[: _done(asked, glance)], seen)
    projects = load_projects(context.home)
    values: dict[str, Any] = {
        "asked": asked,
        "glance": glance,
        "under_way": under_way,
        "complete": complete,
        "more": min(len(glance.under_way) - len(under_way), PAGE),
        "groups": grouped(under_way, projects) if asked.view == "projects" else [],
        "projects": projects,
        "ended_costs": {view.mission.id: _ended_cost(view, seen.costs) for view in under_way if view.live},
        "page_size": COMPLETED,
        "notices": list(context.store.notices),
    }
    return render(request, "parts/mission_rows.html" if is_part(request) else "missions.html", **values)


def _ended_cost(view: MissionView, live_costs: Mapping[str, float]) -> float:
    """Without what lives: a browser hears of that by itself."""
    return max(0.0, (view.cost_usd or 0.0) - sum(live_costs.get(session.id, 0.0) for session in view.live))


def _done(asked: Asked, glance: Glance) -> int:
    """Who looks for something finds what is complete as well; where nothing else is there it is shown at once."""
    if asked.done or asked.q:
        return asked.done or COMPLETED
    return 0 if glance.under_way else min(10, COMPLETED)


def grouped(views: Sequence[MissionView], projects: Sequence[Project]) -> list[Group]:
    """Linked projects first, also those without a mission; within each the order of the list."""
    by_name = sorted(views, key=lambda view: view.mission.project)
    found = {name: list(each) for name, each in groupby(by_name, lambda view: view.mission.project)}
    linked = [Group(each.name, each, is_there(each), found.pop(each.name, [])) for each in projects]
    return linked + [Group(name, None, False, each) for name, each in found.items()]


@router.get("/parts/needs")
def needs(request: Request) -> Response:
    """How many missions need a person, which of them are told as notifications, and how long the queue is."""
    context = context_of(request)
    seen = seen_now(context, is_supervised=True, costs=dict)
    glance = board_of(request).look(seen, Wanted())
    told = [view for view in glance.under_way if view.next.stage in NOTIFIED][:MOST_NOTIFIED]
    return plain(
        {
            "needs": glance.needs_person,
            "queued": sum(isinstance(each.status, Queued) for each in chain(*seen.live.values())),
            "waiting": [
                {
                    "id": view.mission.id,
                    "stage": view.next.stage,
                    "step": view.next.step.id if view.next.step else "",
                    "title": clean_line(view.mission.title, 100),
                    "sentence": clean_line(view.next.sentence, 200),
                }
                for view in told
            ],
        }
    )


@router.get("/parts/engine")
def engine(request: Request) -> HTMLResponse:
    """Nothing where the container engine answers; else what still works without it."""
    return render(request, "parts/engine.html", silence=engine_silence(context_of(request)))


@router.get("/parts/worktrees")
def worktrees(request: Request, project: str) -> HTMLResponse:
    """How the worktrees of a project's missions are: asking git takes a while, so a page asks for it by itself."""
    context = context_of(request)
    seen = seen_now(context, is_supervised=True, costs=dict)
    glance = board_of(request).look(seen, Wanted())
    views = [each for each in (*glance.under_way, *glance.complete) if each.mission.project == project]
    there = [each for each in views if Path(each.mission.worktree).is_dir()][:PAGE]
    return render(request, "parts/worktree_rows.html", states=dirty_of(context, [each.mission for each in there]))
