"""A session whose stream is followed: what it says so far, and what was done because of it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from scopecraft.config.secrets import Secrets
from scopecraft.config.settings import LimitSettings
from scopecraft.model.activity import Activity, Entry, Usage
from scopecraft.model.event import Alert
from scopecraft.model.session import Session, Waiting
from scopecraft.model.text import clean_line
from scopecraft.sessions.limit_rules import NOTHING_TOLD, Told
from scopecraft.streams.activity import ActivityFold
from scopecraft.streams.danger import Dangers
from scopecraft.streams.lines import Line

SHOWN_CHARACTERS = 300
MOST_MOVES = 30  # between running and waiting at once; then one each second, or an agent could fill the journal


@dataclass
class Watched:
    """Times are of the monotonic clock, in seconds."""

    session: Session
    fold: ActivityFold
    dangers: Dangers = field(default_factory=Dangers)
    secrets: Secrets = field(default_factory=lambda: Secrets({}))
    look_seconds_left: float = 0.0  # for dangers
    alerts: set[Alert] = field(default_factory=set)  # that were raised because of it
    worked_before: float = 0.0  # until it was followed here, by the clock of the machine
    followed_at: float = field(default_factory=time.monotonic)
    waited: float = 0.0  # for a person, since then
    waits_since: float | None = None
    bytes_at: float | None = None
    told: Told = NOTHING_TOLD
    own_limits: tuple[str, ...] = ()  # words such as `limits.cost=2`, said for it alone
    limits: tuple[LimitSettings, LimitSettings] | None = None  # those of the home, and what they are with its own
    parked_for: str = ""  # the used-up limit that the queue was parked for already
    parks: int = 0
    conversations: set[str] = field(default_factory=set)  # ids that its agent told
    moves_left: float = MOST_MOVES
    moved_at: float = field(default_factory=time.monotonic)
    is_move_due: bool = False  # the last one was put off
    _activity: Activity | None = None

    def take(self, lines: list[Line], now: float) -> list[Entry]:
        self.bytes_at = now
        self._activity = None
        return [entry for line in lines for entry in self.fold.feed(line)]

    def is_now(self, session: Session, now: float) -> None:
        """What the store says of it; the time in which it waits for a person is not worked."""
        self.session = session
        waits = isinstance(session.status, Waiting)
        if waits and self.waits_since is None:
            self.waits_since = now
        elif not waits and self.waits_since is not None:
            self.waited += now - self.waits_since
            self.waits_since = None

    def may_move(self, now: float) -> bool:
        """Counts as a move where it may."""
        self.moves_left = min(MOST_MOVES, self.moves_left + now - self.moved_at)
        self.moved_at = now
        self.is_move_due = self.moves_left < 1
        if not self.is_move_due:
            self.moves_left -= 1
        return not self.is_move_due

    def worked(self, now: float) -> float:
        waiting = now - self.waits_since if self.waits_since is not None else 0.0
        return max(0.0, self.worked_before + now - self.followed_at - self.waited - waiting)

    @property
    def activity(self) -> Activity:
        """Summed up once after what was taken last."""
        if self._activity is None:
            self._activity = self.fold.activity
        return self._activity


def shown(activity: Activity, secrets: Secrets) -> dict[str, Any]:
    """For a screen, as plain JSON: without keys, cleaned, and no more than one line of anything."""

    def line(text: str) -> str:
        return clean_line(secrets.redact(text), SHOWN_CHARACTERS)

    usage: Usage = activity.usage
    last = activity.recent_tools[-1] if activity.recent_tools else None
    return {
        "offset": activity.offset,
        "last_message": line(activity.last_message),
        "tool": line(f"{last.name}: {last.input_text}") if last else "",
        "is_tool_open": activity.open_tool_calls > 0,
        "tools": [clean_line(name, 60) for name in activity.tools],
        "tool_calls": activity.tool_calls,
        "files": [line(path) for path in activity.files_touched[-20:]],
        "turns": activity.turns,
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "cache_read_tokens": usage.cache_read_tokens,
        "cache_write_tokens": usage.cache_write_tokens,
        "cost_usd": usage.cost_usd,
        "errors": activity.error_count,
        "critical": activity.critical_count,
        "warnings": activity.warning_count,
        "question": line(activity.question.text) if activity.question else None,
    }
