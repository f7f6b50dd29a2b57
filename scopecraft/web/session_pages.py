"""`/sessions`: every session; `/sessions/{id}`: one, with its log or terminal and what can be done with it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from starlette.responses import HTMLResponse

from scopecraft.agents.talk import Question
from scopecraft.api.house import context_of
from scopecraft.api.session_shapes import require_session
from scopecraft.config.projects import load_projects
from scopecraft.config.settings import BUILT_IN
from scopecraft.errors import ScopecraftError
from scopecraft.missions.advance import VISIT_STEP
from scopecraft.missions.finding import find_mission
from scopecraft.model import clock
from scopecraft.model.mission import Mission
from scopecraft.model.session import Ended, Queued, Session, began_at, is_live
from scopecraft.model.session_words import WAITING_FOR, end_sentence
from scopecraft.sessions.context import Context
from scopecraft.sessions.look import View, look_at_all
from scopecraft.sessions.question_json import question_id
from scopecraft.sessions.session_depth import Depth, depth_of, question_now
from scopecraft.sessions.sessions_seen import LIVE_STATES, PAST_STATES, SessionsPage, Wanted, sessions_seen, usages_of
from scopecraft.sessions.waiting import Waiting, waiting_of
from scopecraft.supervisor.client import is_up
from scopecraft.supervisor.watching import activities_of
from scopecraft.web.log_pages import log_view
from scopecraft.web.page import is_part, render
from scopecraft.web.terminal_pages import terminal_of

router = APIRouter()
ON_A_PAGE = 50
FARTHEST = 10_000_000
Words = Annotated[str, Query(max_length=200)]


@dataclass(frozen=True, slots=True)
class Asked:
    """What the list is narrowed to, and which page of it; empty is any."""

    state: str = ""
    project: str = ""
    agent: str = ""
    text: str = ""
    page: int = 1

    @property
    def wanted(self) -> Wanted:
        state = self.state if self.state in (*LIVE_STATES, *PAST_STATES) else None
        return Wanted(state, None, self.project or None, self.agent or None, None, self.text or None)

    @property
    def is_narrow(self) -> bool:
        return bool(self.state or self.project or self.agent or self.text)

    def at(self, page: int) -> str:
        said = {"state": self.state, "project": self.project, "agent": self.agent, "text": self.text}
        if page > 1:
            said["page"] = str(page)
        query = urlencode({name: value for name, value in said.items() if value})
        return f"/sessions?{query}" if query else "/sessions"


@dataclass(frozen=True, slots=True)
class Actions:
    """What a person can do with a session as it is."""

    can_stop: bool
    can_interrupt: bool
    can_take_over: bool
    can_hand_back: bool
    can_retry: bool
    can_resume: bool

    @classmethod
    def of(cls, view: View) -> Actions:
        session, live = view.session, is_live(view.session.status)
        is_at_work = session.status.kind in ("running", "waiting")
        is_talking = session.conversation_id is not None and session.executor != "process"
        is_agent = session.step_id != VISIT_STEP
        return cls(
            can_stop=live,
            can_interrupt=is_at_work and session.executor == "tmux",  # of a container: beside its log
            can_take_over=is_agent and is_talking and session.mode == "autonomous" and (is_at_work or not live),
            can_hand_back=is_agent and is_talking and session.mode == "dispatch" and is_at_work,
            can_retry=is_agent and not live,
            can_resume=is_agent and is_talking and not live,
        )


@router.get("/sessions")
def sessions(
    request: Request,
    state: Words = "",
    project: Words = "",
    agent: Words = "",
    text: Words = "",
    page: Annotated[int, Query(ge=1, le=FARTHEST)] = 1,
) -> HTMLResponse:
    context = context_of(request)
    asked = Asked(state, project, agent, text, page)
    shown = sessions_seen(context, asked.wanted, limit=ON_A_PAGE, offset=(page - 1) * ON_A_PAGE)
    if not shown.views and shown.total:  # fewer by now than this page begins at
        asked = replace(asked, page=1)
        shown = sessions_seen(context, asked.wanted, limit=ON_A_PAGE)
    activities = activities_of(context.home) if shown.live else {}
    used = usages_of(context, [view.session for view in shown.views], activities)
    values: dict[str, Any] = {"asked": asked, "shown": shown, "used": used, **_pages(asked, shown)}
    if is_part(request):
        return render(request, "parts/session_rows.html", **values)
    return render(request, "sessions.html", **values, **_choices(context))


@router.get("/sessions/{session_id}")
def session(request: Request, session_id: str) -> HTMLResponse:
    context = context_of(request)
    found = require_session(context, session_id)
    depth = depth_of(context, found, activities_of(context.home), asks=False)
    values: dict[str, Any] = {
        "depth": depth,
        "view": depth.view,
        "session": depth.view.session,
        "told": _told(context, depth),
    }
    values |= {"actions": Actions.of(depth.view), "mission": _mission(context, found)}
    if is_part(request):
        return render(request, "parts/session_head.html", **values)
    if found.executor == "tmux":
        return render(request, "session.html", **values, terminal=terminal_of(context, depth.view.session))
    return render(request, "session.html", **values, log=log_view(context, depth.view.session))


@router.get("/sessions/{session_id}/question")
def question(request: Request, session_id: str) -> HTMLResponse:
    """What it asks, for its page; nothing where it asks nothing."""
    context = context_of(request)
    view = look_at_all(context, [require_session(context, session_id)])[0]
    asked: Question | None = question_now(context, view)
    asked_id = question_id(asked) if asked else ""
    return render(
        request, "parts/session_question.html", session=view.session, view=view, question=asked, asked_id=asked_id
    )


@dataclass(frozen=True, slots=True)
class Told:
    """How it is in a sentence, and how long it took."""

    sentence: str
    is_bad: bool
    began: str
    seconds: float
    waiting: Waiting | None


def _told(context: Context, depth: Depth) -> Told:
    session = depth.view.session
    status, began = session.status, began_at(session)
    now = clock.now()
    if isinstance(status, Ended):
        seconds = (clock.from_text(status.ended_at) - clock.from_text(began)).total_seconds()
        is_bad = status.outcome.kind not in ("completed", "killed")
        return Told(end_sentence(status), is_bad, began, seconds, None)
    seconds = (now - clock.from_text(began)).total_seconds()
    if isinstance(status, Queued):
        waiting = waiting_of(context, session, clock.to_text(now))
        because = waiting.because if is_up(context) else "no supervisor is up to start it: sc up"
        return Told(because or "it begins right now", False, began, seconds, waiting)
    if depth.view.word == "unknown":
        return Told(f"nobody can tell how it is: {depth.view.detail}", True, began, seconds, None)
    reason = getattr(status, "reason", None)
    sentence = f"{WAITING_FOR[reason]}{_detail(depth.view)}" if reason else ""
    return Told(sentence, False, began, seconds, None)


def _detail(view: View) -> str:
    """What it asks, where the journal has it; its kind is said already."""
    said = view.detail.partition(": ")[2]
    return f": {said}" if said else ""


def _mission(context: Context, session: Session) -> Mission | None:
    with suppress(ScopecraftError):
        return find_mission(context.home, session.mission_id, None, partial=False)
    return None


def _choices(context: Context) -> dict[str, Any]:
    projects: list[str] = []
    with suppress(ScopecraftError):
        projects = [project.name for project in load_projects(context.home)]
    return {"projects": projects, "agents": list(dict.fromkeys((*BUILT_IN, *context.settings.agents)))}


def _pages(asked: Asked, shown: SessionsPage) -> dict[str, Any]:
    last = max(1, -(-shown.total // ON_A_PAGE))
    first = (asked.page - 1) * ON_A_PAGE + 1
    return {
        "last_page": last,
        "first_row": first,
        "last_row": first + len(shown.views) - 1,
        "earlier": asked.at(asked.page - 1) if asked.page > 1 else "",
        "later": asked.at(asked.page + 1) if asked.page < last else "",
        "here": asked.at(asked.page),
    }
