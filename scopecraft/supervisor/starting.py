"""Starting what waits, one after another in its order.

The next ones are made ready as soon as a slot is about to be free, and stand at a turnstile; when their turn comes,
their container is all that is left to make. A turnstile opens for the first in line only, so the order of the line is
the order in which sessions begin.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from scopecraft.errors import (
    BadSettings,
    EngineUnavailable,
    LockHeld,
    ScopecraftError,
    StateUnreadable,
    StorageFailed,
    Superseded,
    TurnLost,
)
from scopecraft.model import clock
from scopecraft.model.queue import Occupancy, QueueItem, QueueRules
from scopecraft.model.session import Queued, Session
from scopecraft.queueing.admission import may_next_begin
from scopecraft.sessions.context import Context
from scopecraft.sessions.floors import floors_of
from scopecraft.sessions.kept_request import load_caller, load_request
from scopecraft.sessions.request import Admission, StartRequest
from scopecraft.sessions.unstarted import end_unstarted
from scopecraft.supervisor.contexts import Contexts

FIRST_PAUSE_SECONDS = 0.5
AT_ONCE = 4  # that are made ready, or stand at their turnstiles; there are as many threads again for those that leave
LONGEST_PAUSE_SECONDS = 5.0
NOT_NOW = (EngineUnavailable, LockHeld, StorageFailed)  # of the machine, and not of the request
_log = logging.getLogger(__name__)


@dataclass
class Turnstile:
    """Where a session that is ready waits for its turn."""

    session_id: str
    is_ready: bool = False
    lost: bool = False
    opened: threading.Event = field(default_factory=threading.Event)

    def pass_through(self, told: Callable[[], None]) -> None:
        """Raises TurnLost when it was closed."""
        self.is_ready = True
        told()
        self.opened.wait()
        if self.lost:
            raise TurnLost(f"{self.session_id} does not begin now", "see the queue: sc queue")

    def close(self) -> None:
        self.lost = True
        self.opened.set()


class Pause(NamedTuple):
    """One that cannot start for now; `until` is monotonic."""

    length: float
    until: float
    because: str


class Starting:
    """`wake` is called when something has changed that the loop should look at."""

    def __init__(self, contexts: Contexts, fence: int, wake: Callable[[], None]) -> None:
        self._contexts, self._fence, self._wake = contexts, fence, wake
        self._turnstiles: dict[str, Turnstile] = {}
        self._pauses: dict[str, Pause] = {}  # by session
        self._pool = ThreadPoolExecutor(2 * AT_ONCE, thread_name_prefix="start")
        self._is_over = False
        self.superseded: Superseded | None = None
        self.waits_because = ""  # what the first in line waits for

    def step(self, items: list[QueueItem], occupancy: Occupancy, rules: QueueRules, ending: int) -> None:
        """One look at the line; `ending` sessions will free their slot in a moment."""
        if not items or self._is_over:
            self._keep(())
            self.waits_because = ""
            return
        try:
            floors = floors_of(self._contexts.fresh())
        except BadSettings as error:  # a person is editing them: whatever began now would end by that
            self._keep(())
            self.waits_because = error.message
            return
        obstacle = may_next_begin(occupancy, rules, floors, clock.to_text(clock.now()))
        put_off = self._pauses.get(items[0].session.id)
        self.waits_because = obstacle.because if obstacle else put_off.because if put_off else ""
        soon = max(0, rules.max_running - occupancy.running + min(ending, occupancy.running))
        if obstacle is not None and obstacle.obstacle != "slots":
            soon = 0
        next_ones = items[: min(soon, AT_ONCE)]
        self._keep([item.session.id for item in next_ones])
        for item in next_ones:
            if not self._make_ready(item.session):
                break  # those behind it wait with it
        turnstile = self._turnstiles.get(items[0].session.id)
        if obstacle is None and turnstile is not None and turnstile.is_ready:
            turnstile.opened.set()

    def leave(self) -> None:
        """Nothing more begins; what is on its way through comes up."""
        self._is_over = True
        for turnstile in list(self._turnstiles.values()):
            if not turnstile.opened.is_set():
                turnstile.close()

    def wait(self, seconds: float) -> None:
        """For what was on its way."""
        deadline = time.monotonic() + seconds
        while self._turnstiles and time.monotonic() < deadline:
            time.sleep(0.02)
        self._pool.shutdown(wait=False, cancel_futures=True)

    @property
    def next_try(self) -> float | None:
        """When (monotonic) the first that had to wait for the engine or the disk is tried again."""
        return min((pause.until for pause in list(self._pauses.values())), default=None)

    def _make_ready(self, session: Session) -> bool:
        """Whether it is on its way."""
        if session.id in self._turnstiles:
            return True
        pause = self._pauses.get(session.id)
        if pause is not None and time.monotonic() < pause.until:
            return False
        turnstile = self._turnstiles[session.id] = Turnstile(session.id)
        self._pool.submit(self._start, session, turnstile)
        return True

    def _keep(self, session_ids: Sequence[str]) -> None:
        """Whoever else stands at a turnstile goes away: they hold up others, and it may be long until their turn."""
        for turnstile in list(self._turnstiles.values()):
            if turnstile.session_id not in session_ids and not turnstile.opened.is_set():
                turnstile.close()
        now = time.monotonic()
        for session_id, pause in list(self._pauses.items()):  # starting threads change it meanwhile
            if session_id not in session_ids and now >= pause.until:
                self._pauses.pop(session_id, None)

    def _start(self, session: Session, turnstile: Turnstile) -> None:
        """Whatever comes of it, its turnstile is gone then, and others are not held up."""
        try:
            self._start_or_end(self._contexts.fresh(), session, turnstile)
        except ScopecraftError as error:  # not even its end could be recorded
            self._pause(session, error)
        finally:
            del self._turnstiles[session.id]
            self._wake()

    def _start_or_end(self, context: Context, session: Session, turnstile: Turnstile) -> None:
        try:
            self._start_in(context, session, turnstile)
            self._pauses.pop(session.id, None)
        except TurnLost as error:
            _log.info("%s: %s", session.id, error)
        except Superseded as error:
            self.superseded = error
        except NOT_NOW as error:
            self._put_off(context, session, error)
        except ScopecraftError as error:
            _log.warning("%s does not start: %s", session.id, error)
            end_unstarted(context, session.id, error.message)
        # A border: a fault of ours must not stop the line, nor leave the session in it for ever.
        except Exception as error:  # noqa: BLE001
            _log.exception("%s does not start, by a fault of scopecraft", session.id)
            end_unstarted(context, session.id, f"scopecraft failed to start it: {error!r}")

    def _start_in(self, context: Context, session: Session, turnstile: Turnstile) -> None:
        from scopecraft.sessions.autonomous_start import start_autonomous

        folder = context.folder(session.id).path
        request = load_request(folder)
        if request is None:
            raise StateUnreadable(f"{folder} has no request.json", "start the task again: sc run")
        caller = self._contexts.fresh({**self._contexts.environ, **load_caller(folder)})
        start_autonomous(caller, self._admitted(caller, request, session, turnstile))

    def _admitted(
        self, context: Context, request: StartRequest, session: Session, turnstile: Turnstile
    ) -> StartRequest:
        def guard(occupancy: Occupancy, rules: QueueRules) -> None:
            obstacle = may_next_begin(occupancy, rules, floors_of(context), clock.to_text(clock.now()))
            if obstacle is not None:
                raise TurnLost(f"{session.id} does not begin now: {obstacle.because}", "see the queue: sc queue")

        admission = Admission(
            session_id=session.id,
            mission_id=session.mission_id,
            is_queued=True,
            guard=guard,
            wait_turn=lambda: turnstile.pass_through(self._wake),
            on_taken=self._wake,
            fence=self._fence,
        )
        return replace(request, admission=admission, on_note=lambda said: _log.info("%s: %s", session.id, said))

    def _put_off(self, context: Context, session: Session, error: ScopecraftError) -> None:
        """Tried again, ever more slowly, unless it began to start: then it has its record."""
        now = context.store.get(session.id)
        if now is None or not isinstance(now.status, Queued):
            return
        self._pause(session, error)

    def _pause(self, session: Session, error: ScopecraftError) -> None:
        before = self._pauses.get(session.id)
        length = min(LONGEST_PAUSE_SECONDS, 2 * before.length if before else FIRST_PAUSE_SECONDS)
        self._pauses[session.id] = Pause(length, time.monotonic() + length, error.message)
        _log.warning("%s waits %.1f s more: %s", session.id, length, error)
