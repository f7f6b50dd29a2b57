"""One session in depth: what its stream says, its alerts, its commits, the end of its screen."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from scopecraft.errors import ScopecraftError
from scopecraft.model.activity import Activity
from scopecraft.model.event import Alert
from scopecraft.model.handle import WindowHandle
from scopecraft.model.session import Session, handle_of
from scopecraft.model.text import clean
from scopecraft.sessions.context import Context
from scopecraft.sessions.decided import POSTPONED, load_decided
from scopecraft.sessions.deciding import read_activity
from scopecraft.sessions.late_commits import take_late_commits

SCREEN_LINES = 100


@dataclass(frozen=True, slots=True)
class Details:
    activity: Activity
    alerts: tuple[Alert, ...]
    commits: str  # "3 on feature/x, now at 1a2b3c4d5e6f"; empty when none were taken
    stream: Path | None  # a window has none
    screen: tuple[str, ...] = ()  # of a window, the last one if it is closed; safe to show


def details_of(context: Context, session: Session) -> Details:
    """Takes commits that could not be taken when the session ended, if they can be now."""
    take_late_commits(context, session)
    taken = [event for event in context.store.events(session_id=session.id) if event.kind == "commits_taken"]
    commits = ""
    if taken and taken[-1].data.get("commits"):
        data = taken[-1].data
        commits = f"{data.get('commits')} on {session.branch}, now at {str(data.get('tip'))[:12]}"
    return Details(
        activity=read_activity(context, session),
        alerts=tuple(alert for alert in context.store.alerts_of(session.id) if not taken or alert.code != POSTPONED),
        commits=commits,
        stream=context.folder(session.id).stream if session.executor == "container" else None,
        screen=_screen(context, session),
    )


def _screen(context: Context, session: Session) -> tuple[str, ...]:
    handle = handle_of(session.status)
    if not isinstance(handle, WindowHandle):
        return _last_screen(context, session)
    try:
        shown = context.tmux_of(handle).capture(handle, lines=SCREEN_LINES)
        return tuple(clean(line) for line in shown if line.strip())[-SCREEN_LINES:]
    except ScopecraftError:
        return ()


def _last_screen(context: Context, session: Session) -> tuple[str, ...]:
    try:
        decided = load_decided(context.folder(session.id), session)
    except ScopecraftError:
        return ()
    return tuple(clean(line) for line in decided.last_lines if line.strip()) if decided else ()
