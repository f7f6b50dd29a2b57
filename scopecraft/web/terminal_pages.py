"""The terminal of a session: a tab of its mission, and a panel wherever a session is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse

from scopecraft.api.house import context_of
from scopecraft.errors import NotFound
from scopecraft.missions.finding import require_mission
from scopecraft.model.handle import WindowHandle
from scopecraft.model.session import Ended, Queued, Session, handle_of, is_live
from scopecraft.model.session_words import end_sentence, going_on_with
from scopecraft.sessions.context import Context
from scopecraft.sessions.details import recorded_of
from scopecraft.web.mission_shell import tab
from scopecraft.web.page import render

router = APIRouter()
Kind = Literal["window", "soon", "alone", "ended", "none"]


@dataclass(frozen=True, slots=True)
class TerminalView:
    """`part` is the address of the piece of a page that shows it anew, `live` what that follows."""

    session: Session | None
    kind: Kind
    part: str
    live: str
    sentence: str = ""  # how it ended
    screen: tuple[str, ...] = ()  # the last one
    go_on: str = ""  # the command that goes on with it


@router.get("/m/{mission_id}/terminal")
def terminal_tab(request: Request, mission_id: str) -> HTMLResponse:
    context = context_of(request)
    mission = require_mission(context.home, mission_id, None)
    session = best_shown(context.store.sessions(mission_id=mission.id))
    shown = terminal_view(context, session, f"/m/{mission.id}/terminal", f"mission:{mission.id}")
    return tab(request, mission.id, "terminal", "parts/terminal.html", terminal=shown)


@router.get("/sessions/{session_id}/terminal")
def terminal_part(request: Request, session_id: str) -> HTMLResponse:
    """A piece of a page."""
    context = context_of(request)
    session = context.store.get(session_id)
    if session is None:
        raise NotFound(f"no session is called {session_id}", "see all of them: sc ls --all")
    return render(request, "parts/terminal.html", terminal=terminal_of(context, session))


def terminal_of(context: Context, session: Session) -> TerminalView:
    """What `parts/terminal.html` shows of one session, as its value `terminal`."""
    return terminal_view(context, session, f"/sessions/{session.id}/terminal", f"session:{session.id}")


def best_shown(sessions: Sequence[Session]) -> Session | None:
    """Of a mission's, the latest first: one that lives in a window, else any that lives, else the last window."""
    live = [session for session in sessions if is_live(session.status)]
    windows = [session for session in sessions if session.executor == "tmux"]
    ranked = (*(session for session in live if session.executor == "tmux"), *live, *windows, *sessions[:1])
    return ranked[0] if ranked else None


def terminal_view(context: Context, session: Session | None, part: str, live: str) -> TerminalView:
    kind = kind_of(session)
    if session is None or not isinstance(session.status, Ended):
        return TerminalView(session, kind, part, live)
    sentence, screen = end_sentence(session.status), recorded_of(context, session).screen
    return TerminalView(session, kind, part, live, sentence, screen, going_on_with(session))


def kind_of(session: Session | None) -> Kind:
    if session is None:
        return "none"
    if isinstance(session.status, Ended):
        return "ended" if session.executor == "tmux" else "none"
    if session.executor == "tmux":
        return "window" if isinstance(handle_of(session.status), WindowHandle) else "soon"
    return "soon" if isinstance(session.status, Queued) else "alone"
