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
from scopecraft.sessions.settle import read_activity

SCREEN_LINES = 30


@dataclass(frozen=True, slots=True)
class Details:
    activity: Activity
    alerts: tuple[Alert, ...]
    commits: str  # "3 on feature/x, now at 1a2b3c4d5e6f"; empty when none were taken
    stream: Path
    screen: tuple[str, ...] = ()  # of a living window, safe to show


def details_of(context: Context, session: Session) -> Details:
    taken = [event for event in context.store.events(session_id=session.id) if event.kind == "commits_taken"]
    commits = ""
    if taken and taken[-1].data.get("commits"):
        data = taken[-1].data
        commits = f"{data.get('commits')} on {session.branch}, now at {str(data.get('tip'))[:12]}"
    return Details(
        activity=read_activity(context, session),
        alerts=tuple(context.store.alerts_of(session.id)),
        commits=commits,
        stream=context.folder(session.id).stream,
        screen=_screen(context, session),
    )


def _screen(context: Context, session: Session) -> tuple[str, ...]:
    handle = handle_of(session.status)
    if not isinstance(handle, WindowHandle):
        return ()
    try:
        shown = context.tmux_of(handle).capture(handle, lines=SCREEN_LINES)
        return tuple(clean(line) for line in shown if line.strip())[-SCREEN_LINES:]
    except ScopecraftError:
        return ()
