"""Sessions as a list for screens: those that live first, then the ended ones, narrowed and a page at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from scopecraft.model.activity import Usage
from scopecraft.model.session import Session, is_live
from scopecraft.model.usage_words import usage_of
from scopecraft.sessions.context import Context
from scopecraft.sessions.look import View, ended_view, look_at_all
from scopecraft.state.past import Past

LiveState = Literal["queued", "starting", "running", "waiting", "idle", "unknown"]
PastState = Literal["ended", "completed", "failed", "timed_out", "killed", "interrupted"]
State = LiveState | PastState
LIVE_STATES: tuple[str, ...] = get_args(LiveState)
PAST_STATES: tuple[str, ...] = get_args(PastState)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the list is narrowed to; None is any. `text` is a piece of the task, the id, the agent or the branch."""

    state: str | None = None
    mission_id: str | None = None
    project: str | None = None
    agent: str | None = None
    mode: str | None = None
    text: str | None = None
    is_live: bool | None = None

    @property
    def has_live(self) -> bool:
        return self.is_live is not False and self.state not in PAST_STATES

    @property
    def has_past(self) -> bool:
        return self.is_live is not True and self.state not in LIVE_STATES

    def fits(self, session: Session) -> bool:
        pairs = (
            (self.mission_id, session.mission_id),
            (self.project, session.project),
            (self.agent, session.agent),
            (self.mode, session.mode),
        )
        said = f"{session.task} {session.id} {session.agent} {session.branch}".lower()
        return all(want in (None, has) for want, has in pairs) and (self.text or "").lower() in said

    @property
    def past(self) -> Past:
        outcome = None if self.state == "ended" else self.state
        return Past(self.mission_id, self.project, self.agent, self.mode, outcome, self.text or None)


@dataclass(frozen=True, slots=True)
class SessionsPage:
    """Some of `total`, of which the first `live` have not ended."""

    views: tuple[View, ...]
    total: int
    live: int


def sessions_seen(context: Context, wanted: Wanted, *, limit: int, offset: int = 0) -> SessionsPage:
    """What ended unseen is settled on the way. Engine and tmux are asked once, within their deadlines."""
    living = _living(context, wanted) if wanted.has_live else []
    shown = living[offset : offset + limit]
    past: list[Session] = []
    total = 0
    if wanted.has_past:
        past, total = context.store.past(wanted.past, limit=limit - len(shown), offset=max(0, offset - len(living)))
    views = (*shown, *(ended_view(session) for session in past))
    return SessionsPage(views, len(living) + total, len(living))


def _living(context: Context, wanted: Wanted) -> list[View]:
    fitting = [session for session in reversed(context.store.live()) if wanted.fits(session)]
    views = [view for view in look_at_all(context, fitting) if is_live(view.session.status)]
    return [view for view in views if wanted.state in (None, view.word)]


def usages_of(
    context: Context, sessions: list[Session], activities: Mapping[str, Mapping[str, Any]]
) -> dict[str, Usage]:
    """By session what it used: by the journal where it has ended, else by `activities`; nothing where none was told."""
    ended = context.store.ends_of([session.id for session in sessions if not is_live(session.status)])
    told = {**{session.id: activities[session.id] for session in sessions if session.id in activities}, **ended}
    return {session_id: usage_of(data) for session_id, data in told.items()}
