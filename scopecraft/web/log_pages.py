"""The log of a session: the first tab of a mission, and a panel wherever a session is shown."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import APIRouter, Request
from markupsafe import Markup
from starlette.responses import HTMLResponse

from scopecraft.agents.talk import Question
from scopecraft.api.house import context_of
from scopecraft.api.log_routes import page_json
from scopecraft.api.session_shapes import require_session
from scopecraft.errors import NotFound, OperationFailed, ScopecraftError
from scopecraft.missions.finding import require_mission
from scopecraft.model import clock
from scopecraft.model.event import Alert
from scopecraft.model.session import Ended, Queued, Session, Waiting, is_live
from scopecraft.model.session_words import WAITING_FOR, end_sentence
from scopecraft.sessions.answering import open_question
from scopecraft.sessions.context import Context
from scopecraft.sessions.log_detail import log_of
from scopecraft.sessions.log_pages import LogPage, Wanted, page_before
from scopecraft.sessions.look import ordinal
from scopecraft.sessions.places import telling
from scopecraft.sessions.question_json import question_id
from scopecraft.sessions.stream_end import unread_alerts
from scopecraft.sessions.waiting import waiting_of
from scopecraft.web.mission_shell import tab
from scopecraft.web.page import render

router = APIRouter()
FIRST_ROWS = 150
_NOTHING = LogPage((), None, 0, 0)


@dataclass(frozen=True, slots=True)
class LogView:
    """A log as a page begins with it: its last rows, and the sessions that may be chosen instead."""

    session: Session
    others: tuple[Session, ...]  # this one too, the latest first
    page: LogPage
    rows: Markup
    trouble: str = ""  # why there are no rows to be had
    has_complaints: bool = False  # it printed nothing, and its program complained
    unread: tuple[Alert, ...] = ()  # that there is more of it than is read

    @property
    def is_live(self) -> bool:
        return is_live(self.session.status)


@dataclass(frozen=True, slots=True)
class Talk:
    """How a session is, in a sentence, and what a person can say to it."""

    session: Session
    kind: str  # of its status
    said: str
    is_good: bool
    question: Question | None = None
    can_hear: bool = False
    is_working: bool = False

    @property
    def asked_id(self) -> str:
        """By which an answer is meant for this very question, and not for one that came after it."""
        return question_id(self.question) if self.question else ""

    @property
    def signature(self) -> str:
        """Changes when there is something else to show."""
        asked = (self.question.kind, self.question.text, self.asked_id) if self.question else ()
        return "|".join((self.kind, self.said, str(self.can_hear), *asked))


@router.get("/m/{mission_id}")
@router.get("/m/{mission_id}/log")
def log_tab(request: Request, mission_id: str, session: str = "") -> HTMLResponse:
    context = context_of(request)
    mission = require_mission(context.home, mission_id, None)
    sessions = context.store.sessions(mission_id=mission.id)
    shown = _chosen(sessions, session)
    log = log_view(context, shown, sessions) if shown is not None else None
    return tab(request, mission.id, "log", "parts/log.html", log=log, log_is_chosen=bool(session))


@router.get("/sessions/{session_id}/talk")
def talk(request: Request, session_id: str) -> HTMLResponse:
    """How it is just now; a piece of a page."""
    context = context_of(request)
    session = require_session(context, session_id)
    siblings = context.store.sessions(mission_id=session.mission_id)
    live = _chosen(siblings, "")
    return render(request, "parts/log_talk.html", talk=talk_of(context, session), latest=live or session)


def log_view(context: Context, session: Session, others: Sequence[Session] = ()) -> LogView:
    """Never raises because of the log."""
    trouble = ""
    page = _NOTHING
    try:
        page = page_before(log_of(context, session), None, Wanted(limit=FIRST_ROWS))
    except OperationFailed as error:
        trouble = error.message
    folder = context.folder(session.id)
    if not trouble and isinstance(session.status, Ended) and not os.path.lexists(folder.stream):
        trouble = "the log is not there any more: the session's folder was removed"
    has_complaints = not page.size and _has_bytes(folder.stderr)
    # within a script element nothing but its end means anything to a browser
    rows = Markup(page_json(session, page).decode().replace("<", "\\u003c"))
    unread = tuple(unread_alerts(folder))
    return LogView(session, tuple(others) or (session,), page, rows, trouble, has_complaints, unread)


def talk_of(context: Context, session: Session) -> Talk:
    status = session.status
    if isinstance(status, Ended):
        is_good = status.outcome.kind == "completed"
        return Talk(session, "ended", end_sentence(status), is_good)
    if isinstance(status, Queued):
        return Talk(session, "queued", _place(context, session), is_good=True)
    can_hear = status.kind in ("running", "waiting")
    if isinstance(status, Waiting):
        question = _question(context, session) if status.reason in ("permission", "question") else None
        return Talk(session, "waiting", WAITING_FOR[status.reason], False, question, can_hear)
    said = "it is being started" if status.kind == "starting" else "it works"
    return Talk(session, status.kind, said, True, None, can_hear, is_working=status.kind == "running")


def _question(context: Context, session: Session) -> Question | None:
    try:
        return open_question(context, session)
    except ScopecraftError:
        return None  # it was answered meanwhile, or can be answered in its window only


def _place(context: Context, session: Session) -> str:
    waiting = waiting_of(context, session, clock.to_text(clock.now()))
    place = "it begins right now" if not waiting.place else f"{ordinal(waiting.place)} in line"
    if waiting.place == 1:
        place = "next in line"
    return f"{place}: {waiting.because}" if waiting.because else place


def _chosen(sessions: Sequence[Session], session_id: str) -> Session | None:
    """The named one; else the one that is at work, else the one that a person asks about. Raises NotFound."""
    if session_id:
        found = next((session for session in sessions if session.id == session_id), None)
        if found is None:
            raise NotFound(f"the mission has no session {session_id!r}", "see its sessions: sc show")
        return found
    at_work = (each for each in sessions if is_live(each.status) and not isinstance(each.status, Queued))
    return next((each for each in at_work if each.executor != "tmux"), None) or telling(sessions)


def _has_bytes(file: os.PathLike[str]) -> bool:
    try:
        return os.lstat(file).st_size > 0
    except OSError:
        return False
