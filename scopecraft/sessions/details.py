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
class Commits:
    count: int
    branch: str
    tip: str  # where the branch was then

    def __str__(self) -> str:
        return f"{self.count} on {self.branch}, now at {self.tip[:12]}"


@dataclass(frozen=True, slots=True)
class Recorded:
    """What is known of a session without reading its stream, which takes seconds for a long one."""

    alerts: tuple[Alert, ...]
    commits: Commits | None  # None when none were taken
    stream: Path | None  # a window has none
    screen: tuple[str, ...]  # of a window, the last one if it is closed; safe to show


@dataclass(frozen=True, slots=True)
class Details(Recorded):
    activity: Activity


def recorded_of(context: Context, session: Session) -> Recorded:
    events = context.store.events(session_id=session.id)
    taken = next((event.data for event in reversed(events) if event.kind == "commits_taken"), None)
    count = int(taken.get("commits") or 0) if taken else 0
    return Recorded(
        alerts=tuple(
            alert for alert in context.store.alerts_of(session.id) if taken is None or alert.code != POSTPONED
        ),
        commits=Commits(count, session.branch, str(taken.get("tip"))) if taken and count else None,
        stream=context.folder(session.id).stream if session.executor != "tmux" else None,
        screen=_screen(context, session),
    )


def details_of(context: Context, session: Session) -> Details:
    """Takes commits that could not be taken when the session ended, if they can be now."""
    take_late_commits(context, session)
    known = recorded_of(context, session)
    return Details(known.alerts, known.commits, known.stream, known.screen, read_activity(context, session))


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
