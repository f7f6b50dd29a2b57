"""Following what agents in containers write: activity, alerts, and who waits for a person. One thread for all of them.

It advances nothing: it appends events and moves sessions between running and waiting; the loop sees that and acts.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Sequence
from typing import Any

from scopecraft.agents.base import dialect_of_record
from scopecraft.agents.inbox import inbox_of
from scopecraft.errors import BadSettings, OperationFailed, ScopecraftError
from scopecraft.model import clock
from scopecraft.model.activity import Entry, Started, ToolCall
from scopecraft.model.event import Alert
from scopecraft.model.session import Running, Session, Waiting
from scopecraft.sessions import inbox
from scopecraft.sessions.context import Context
from scopecraft.sessions.conversation import learn_conversation, used_before
from scopecraft.sessions.look import move_as_said, status_after
from scopecraft.sessions.redaction import secrets_of
from scopecraft.sessions.stream_end import stream_end
from scopecraft.sessions.talk_state import talk_state
from scopecraft.streams.activity import ActivityFold
from scopecraft.streams.danger import Dangers, dangers, dangers_of
from scopecraft.streams.follow import Replaced
from scopecraft.streams.followed import Piece
from scopecraft.streams.many import StreamsWatch
from scopecraft.supervisor.alerting import tell_alert
from scopecraft.supervisor.contexts import Contexts
from scopecraft.supervisor.hub import Hub
from scopecraft.supervisor.limits import LimitKeeper
from scopecraft.supervisor.parking import park_if_used_up
from scopecraft.supervisor.watched import Watched, shown

TICK_SECONDS = 1.0
MOST_CONVERSATIONS = 20  # that one session may tell of
MOST_LOOKED_SECONDS = 10.0
LOOKED_ENOUGH = Alert("alerts_capped", "to look for dangers in what it does takes far too long; nobody looks any more")
_log = logging.getLogger(__name__)


class Monitor:
    """`limits` decides and acts on what a session uses; `hub` hears of every activity.

    For dangers each session is looked at for so many seconds altogether, which is more than any needs.
    """

    def __init__(
        self, contexts: Contexts, hub: Hub, limits: LimitKeeper, *, look_seconds: float = MOST_LOOKED_SECONDS
    ) -> None:
        self._look_seconds = look_seconds
        self._contexts, self._hub, self._limits = contexts, hub, limits
        self._watch = StreamsWatch()
        self._watched: dict[str, Watched] = {}
        self._latest: dict[str, dict[str, Any]] = {}  # what was told last; read by other threads
        self._is_over = False
        self._is_stale = True  # who is live may have changed
        self._version = -1
        self._live: dict[str, Session] = {}
        self._thread = threading.Thread(target=self._run, name="monitor", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def leave(self) -> None:
        self._is_over = True
        self._watch.wake()

    def refresh(self) -> None:
        """Sessions may have begun or ended; from any thread."""
        self._is_stale = True
        self._watch.wake()

    def activities(self) -> dict[str, dict[str, Any]]:
        """By session, as of now."""
        return dict(self._latest)

    def _run(self) -> None:
        due = 0.0
        with self._watch:
            while not self._is_over:
                try:
                    now = time.monotonic()
                    if self._is_stale or now >= due:
                        due = now + TICK_SECONDS
                        self._tick(now)
                    if self._watch.wait(max(0.0, due - time.monotonic())):
                        self._read()
                except ScopecraftError as error:
                    _log.warning("the streams cannot be followed just now: %s", error)
                    time.sleep(0.1)
                # A border: one stream that breaks us must not end the following of all.
                except Exception:  # noqa: BLE001
                    _log.exception("following the streams failed, by a fault of scopecraft")
                    time.sleep(0.1)

    def _tick(self, now: float) -> None:
        context = self._contexts.fresh()
        live = self._current(context)
        for session_id in set(self._watched) - set(live):
            self._finish(context, session_id)
        for session in live.values():
            if session.id not in self._watched:
                self._follow(context, session)
            watched = self._watched[session.id]
            watched.is_now(session, now)
            self._limits.judge(context, watched, now)
            if watched.is_move_due:
                self._move(context, watched)

    def _current(self, context: Context) -> dict[str, Session]:
        """Read again only when somebody wrote, or said so."""
        version = context.store.data_version()
        if self._is_stale or version != self._version:
            self._is_stale = False
            self._version = version
            self._live = {session.id: session for session in context.store.live() if _has_stream(session)}
        return self._live

    def _follow(self, context: Context, session: Session) -> None:
        read = dialect_of_record(session.dialect).entries
        fold = ActivityFold(read, before=used_before(context, session))
        watched = Watched(session, fold, _dangers(context, session), secrets_of(context, session))
        watched.look_seconds_left = self._look_seconds
        watched.alerts.update(context.store.alerts_of(session.id))
        self._limits.remember(context, watched)
        self._watched[session.id] = watched
        folder = context.folder(session.id)
        self._watch.add(session.id, folder.stream, end=stream_end(folder))

    def _finish(self, context: Context, session_id: str) -> None:
        watched = self._watched.pop(session_id)
        with contextlib.suppress(OperationFailed):
            for piece in self._watch.finish(session_id):
                self._take(context, watched, piece)
        park_if_used_up(context, watched)  # it may have ended by that
        self._latest.pop(session_id, None)

    def _read(self) -> None:
        context = self._contexts.fresh()
        changed: dict[str, Watched] = {}
        for key, piece in self._watch.read():
            watched = self._watched.get(key) if key is not None else None
            if watched is None:
                if isinstance(piece, Alert):
                    _log.warning("%s", piece.text)
                continue
            self._take(context, watched, piece)
            changed[watched.session.id] = watched
        for watched in changed.values():
            self._tell(watched)
            if not self._watch.is_behind(watched.session.id):  # what it says may be over by now
                self._move(context, watched)
                park_if_used_up(context, watched)

    def _take(self, context: Context, watched: Watched, piece: Piece) -> None:
        if isinstance(piece, list):
            self._heed(context, watched, watched.take(piece, time.monotonic()))
        elif isinstance(piece, Replaced):
            text = f"the stream was {piece.why} after {piece.offset} bytes; nothing is shown twice"
            tell_alert(context, watched, Alert("stream_rewritten", text))
        else:
            tell_alert(context, watched, piece)

    def _heed(self, context: Context, watched: Watched, entries: Sequence[Entry]) -> None:
        """What of it is more than activity."""
        for entry in entries:
            if isinstance(entry, ToolCall):
                _look_for_dangers(context, watched, entry)
            elif isinstance(entry, Started):
                _learn(context, watched, entry.conversation_id)

    def _tell(self, watched: Watched) -> None:
        session = watched.session
        now = shown(watched.activity, watched.secrets)
        self._latest[session.id] = now
        self._hub.tell({"session_id": session.id, "task": session.task, "activity": now})

    def _move(self, context: Context, watched: Watched) -> None:
        """Between running and waiting, as its stream says; for agents that can be spoken to."""
        session = watched.session
        if inbox_of(dialect_of_record(session.dialect)) is None or not isinstance(session.status, Running | Waiting):
            return
        held = inbox.hold_of(context.folder(session.id))
        word, reason = talk_state(watched.activity, held)
        after = status_after(session.status, word, reason, clock.to_text(clock.now()))
        if after is None or not watched.may_move(time.monotonic()):
            return
        question = watched.activity.question
        detail = watched.secrets.redact(question.text)[:500] if question else ""
        watched.is_now(move_as_said(context, session, after, detail), time.monotonic())


def _look_for_dangers(context: Context, watched: Watched, call: ToolCall) -> None:
    """Usually in microseconds: only an agent that tries to takes long, and would hold up the limits of all others."""
    if watched.look_seconds_left <= 0:
        tell_alert(context, watched, LOOKED_ENOUGH)
        return
    began = time.perf_counter()
    found = dangers_of(_without_keys(call, watched), watched.dangers)
    watched.look_seconds_left -= time.perf_counter() - began
    for alert in found:
        tell_alert(context, watched, alert)


def _without_keys(call: ToolCall, watched: Watched) -> ToolCall:
    """Before anything of it is cut off for an alert: half a key would not be known for one."""
    redact = watched.secrets.redact
    files = tuple(map(redact, call.files))
    return call._replace(command=redact(call.command), input_text=redact(call.input_text), files=files)


def _learn(context: Context, watched: Watched, conversation_id: str | None) -> None:
    """Once for each id, and not for any number of them: each is a write."""
    if conversation_id is None or conversation_id in watched.conversations:
        return
    if len(watched.conversations) < MOST_CONVERSATIONS:
        watched.conversations.add(conversation_id)
        learn_conversation(context, watched.session, conversation_id)


def _has_stream(session: Session) -> bool:
    return session.executor != "tmux" and session.status.kind in ("starting", "running", "waiting")


def _dangers(context: Context, session: Session) -> Dangers:
    """A person's own expression that is none must not keep the built-in rules from being looked for."""
    try:
        return dangers(context.settings.alerts.dangerous, worktree=session.worktree)
    except BadSettings as error:
        _log.warning("%s", error)
        return dangers(worktree=session.worktree)
