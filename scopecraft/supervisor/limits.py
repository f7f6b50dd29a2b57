"""Limits of what runs: they are judged once a second, and what is done at one is a setting."""

from __future__ import annotations

import contextlib
import logging
import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import cast

from scopecraft.agents.base import dialect_of_record
from scopecraft.agents.inbox import inbox_of
from scopecraft.config.settings import LimitSettings
from scopecraft.config.spoken import flag_layer
from scopecraft.errors import ScopecraftError
from scopecraft.model import clock
from scopecraft.model.event import Alert, Event
from scopecraft.model.session import Session, Starting, Waiting
from scopecraft.sessions.container_talk import interrupt_session
from scopecraft.sessions.context import Context
from scopecraft.sessions.kept_request import load_request
from scopecraft.sessions.limit_rules import LimitName, Spending, Verdict, VerdictKind, still_told, verdicts
from scopecraft.sessions.settle import raise_alert
from scopecraft.sessions.settle_facts import boot_id, load_facts, uptime
from scopecraft.sessions.stop import stop_session
from scopecraft.streams.stall import LifeSigns, stalled_for
from scopecraft.supervisor.contexts import Contexts
from scopecraft.supervisor.watched import Watched

PREFIX = "limit_"
_ACTS = frozenset({"turn_interrupted", "session_stop_requested", "session_waiting", "message_sent"})
MOST_ENTRIES = 5000  # of an agent's own folder, looked at where its stream is silent
_log = logging.getLogger(__name__)


class LimitKeeper:
    """Judges in the monitor's thread, acts in threads of its own: to interrupt a turn may take its time."""

    def __init__(self, contexts: Contexts) -> None:
        self._contexts = contexts
        self._pool = ThreadPoolExecutor(2, thread_name_prefix="limit")
        self._settings = LimitSettings()
        self._read_from: tuple[int, int] = (-1, -1)

    def remember(self, context: Context, watched: Watched) -> None:
        """What a supervisor before us knew of it: how long it has worked, and what was said already."""
        watched.worked_before = _worked_so_far(context, watched.session)
        watched.own_limits = _said_for_it(context, watched.session)
        kinds = ("near", "reached") if _was_acted_on(context, watched.session) else ("near",)
        codes = [alert.code for alert in context.store.alerts_of(watched.session.id)]
        parts = [code.removeprefix(PREFIX).rpartition("_") for code in codes if code.startswith(PREFIX)]
        watched.told = frozenset(
            (cast(LimitName, name), cast(VerdictKind, kind)) for name, _, kind in parts if kind in kinds
        )

    def judge(self, context: Context, watched: Watched, now: float) -> None:
        if isinstance(watched.session.status, Starting):
            watched.followed_at = now  # its set-up may take its time, and says nothing
            return
        settings = self._holding(context, watched)
        spending = _spending(context, watched, settings, now)
        watched.told = still_told(watched.told, spending)
        for verdict in verdicts(settings, spending, watched.told):
            watched.told |= {(verdict.limit, verdict.kind)}
            self._tell(context, watched.session, verdict)
            if verdict.kind == "reached":
                action = settings.on_stall if verdict.limit == "stall" else settings.on_limit
                self._act(watched.session, verdict, action)

    def _holding(self, context: Context, watched: Watched) -> LimitSettings:
        """Those of the home, and what was said for this session alone."""
        common = self._current(context)
        if not watched.own_limits:
            return common
        if watched.limits is None or watched.limits[0] is not common:
            own = context.effective.with_layer(flag_layer(watched.own_limits)).settings.limits
            watched.limits = (common, own)
        return watched.limits[1]

    def _current(self, context: Context) -> LimitSettings:
        """Read anew only where the file is another one: once a second for each home is too much for that."""
        try:
            status = context.home.settings_file.stat()
            mark = (status.st_mtime_ns, status.st_ino)
        except OSError:
            mark = (0, 0)
        if mark != self._read_from:
            self._settings = context.settings.limits
            self._read_from = mark
        return self._settings

    def _tell(self, context: Context, session: Session, verdict: Verdict) -> None:
        raise_alert(context, session, Alert(f"{PREFIX}{verdict.limit}_{verdict.kind}", verdict.text))
        if verdict.kind == "reached":
            at = clock.to_text(clock.now())
            data = {"limit": verdict.limit, "text": verdict.text}
            context.store.append(Event(0, at, "limit_reached", session.mission_id, session.id, data))

    def _act(self, session: Session, verdict: Verdict, action: str) -> None:
        if action == "alert":
            return
        can_wait = action == "ask" and inbox_of(dialect_of_record(session.dialect)) is not None
        self._pool.submit(self._interrupt if can_wait else self._stop, session, verdict)

    def _interrupt(self, session: Session, verdict: Verdict) -> None:
        try:
            interrupt_session(self._contexts.fresh(), session, reason="limit", by=f"its limit: {verdict.text}")
        except ScopecraftError as error:
            _log.warning("%s cannot be interrupted at its limit: %s", session.id, error)
            self._stop(session, verdict)

    def _stop(self, session: Session, verdict: Verdict) -> None:
        try:
            stop_session(self._contexts.fresh(), session.id, now=False, by=f"its limit: {verdict.text}")
        except ScopecraftError as error:
            _log.warning("%s cannot be stopped at its limit: %s", session.id, error)


def _said_for_it(context: Context, session: Session) -> tuple[str, ...]:
    """What `--set` said of limits when it was asked for."""
    try:
        request = load_request(context.folder(session.id).path)
    except ScopecraftError:
        return ()
    return tuple(word for word in request.overrides if word.strip().startswith("limits.")) if request else ()


def _was_acted_on(context: Context, session: Session) -> bool:
    """Whether what the last limit asked for was begun; whoever was killed between the two did not."""
    kinds = [event.kind for event in context.store.events(session_id=session.id)]
    if "limit_reached" not in kinds:
        return True
    after = kinds[len(kinds) - kinds[::-1].index("limit_reached") :]
    return not _ACTS.isdisjoint(after)


def _spending(context: Context, watched: Watched, settings: LimitSettings, now: float) -> Spending:
    activity, session = watched.activity, watched.session
    is_waiting = isinstance(session.status, Waiting) or activity.question is not None
    spending = Spending(
        worked_seconds=watched.worked(now),
        turns=activity.turns,
        cost_usd=activity.usage.cost_usd,
        is_waiting=is_waiting,
        silent_seconds=_stalled(context, watched, settings, now, is_waiting=is_waiting),
    )
    if settings.mission_cost is None or activity.usage.cost_usd is None:
        return spending
    return replace(spending, mission_cost_usd=activity.usage.cost_usd + _cost_before(context, session))


def _stalled(
    context: Context, watched: Watched, settings: LimitSettings, now: float, *, is_waiting: bool
) -> float | None:
    signs = LifeSigns(
        begun_at=watched.followed_at,
        bytes_at=watched.bytes_at,
        open_tool_calls=watched.activity.open_tool_calls,
        is_waiting=is_waiting,
    )
    silent = stalled_for(signs, now, settings.stall_after)
    if silent is None or _wrote_within(context.folder(watched.session.id).agent, settings.stall_after, time.time()):
        return None
    return silent


def _wrote_within(folder: Path, seconds: float, now: float) -> bool:
    """Whether the agent's own record of the conversation, or anything beside it, has changed so lately.

    What bears a time to come does not count: it was written before the clock was set back.
    """
    seen, unseen = 0, [folder]
    while unseen:
        # not os.walk, which reads a folder to its end before it gives the first name: an agent may have filled it
        with contextlib.suppress(OSError), os.scandir(unseen.pop()) as entries:
            for entry in entries:
                seen += 1
                if seen > MOST_ENTRIES:
                    return False
                if entry.is_dir(follow_symlinks=False):
                    unseen.append(Path(entry.path))
                elif 0 <= now - _changed_at(entry) < seconds:
                    return True
    return False


def _changed_at(entry: os.DirEntry[str]) -> float:
    try:
        return entry.stat(follow_symlinks=False).st_mtime
    except OSError:  # gone meanwhile
        return 0.0


def _cost_before(context: Context, session: Session) -> float:
    """Of the mission's other sessions, as far as they told."""
    events = context.store.events(mission_id=session.mission_id)
    costs = [event.data.get("cost_usd") for event in events if event.kind == "session_ended"]
    # a claim: none makes the others cheaper
    return float(sum(max(0, cost) for cost in costs if isinstance(cost, int | float)))


def _worked_so_far(context: Context, session: Session) -> float:
    """By the time since boot, less what it waited; 0 where that cannot be told."""
    try:
        facts = load_facts(context.folder(session.id))
    except ScopecraftError:
        return 0.0
    if facts.boot_id != boot_id() or not facts.began_uptime:
        return 0.0
    return max(0.0, uptime() - facts.began_uptime - _waited_so_far(context, session))


def _waited_so_far(context: Context, session: Session) -> float:
    waited, since = 0.0, None
    for event in context.store.events(session_id=session.id):
        if event.kind in ("session_waiting", "turn_interrupted"):
            since = since or clock.from_text(event.at)
        elif event.kind == "session_resumed" and since is not None:
            waited += max(0.0, (clock.from_text(event.at) - since).total_seconds())
            since = None
    if since is not None:
        waited += max(0.0, (clock.now() - since).total_seconds())
    return waited
