"""What the supervisor does all day, as a list of duties."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from scopecraft.config.paths import Home
from scopecraft.errors import ScopecraftError
from scopecraft.model import clock
from scopecraft.model.event import Event
from scopecraft.model.queue import QueueRules
from scopecraft.queueing.admission import is_parked
from scopecraft.sessions.kept_request import forget_caller
from scopecraft.sessions.stop import stop_session
from scopecraft.state.store import Store
from scopecraft.supervisor.batching import Batching
from scopecraft.supervisor.carrying import Carrying
from scopecraft.supervisor.contexts import Contexts
from scopecraft.supervisor.handling import Handler
from scopecraft.supervisor.hub import Hub
from scopecraft.supervisor.limits import LimitKeeper
from scopecraft.supervisor.live import live_handlers
from scopecraft.supervisor.looking import Looking
from scopecraft.supervisor.monitor import Monitor
from scopecraft.supervisor.requests import Doorkeeper, Requests
from scopecraft.supervisor.settling import Settling
from scopecraft.supervisor.starting import AT_ONCE, Starting
from scopecraft.supervisor.telling import Telling

POLL_SECONDS = 0.1  # for what other processes write; they poke us, but need not
REST_SECONDS = 5.0  # after which everything is looked at anew, whatever anybody says
LEAVE_SECONDS = 10.0
MOST_STOPPING = 16
SEEN = "seen"  # in run_time: the place in the journal up to which its events have had their effect
BAD_ENDS = frozenset({"failed", "timed_out", "interrupted"})
_log = logging.getLogger(__name__)


class Loop:
    """One home's supervisor, for the process that holds its lock; `fence` is the number that it got with it."""

    def __init__(self, home: Home, environ: Mapping[str, str], fence: int) -> None:
        self._contexts = Contexts(home, environ)
        self._woken = threading.Event()
        self._left = threading.Event()
        self._stops_sessions = False
        self._version = -1
        self._seen = 0
        self._settling = Settling(self._contexts, self.wake)
        self._starting = Starting(self._contexts, fence, self.wake)
        self._looking = Looking(self._contexts, self._settling)
        self._hub = Hub()
        self._monitor = Monitor(self._contexts, self._hub, LimitKeeper(self._contexts))
        self._telling = Telling(self._contexts)
        self._carrying = Carrying(self._contexts, Doorkeeper(fence, self._left.is_set), self.wake)
        self._batching = Batching(self._contexts, self.wake)
        self._requests = Requests(self._contexts, fence, self._left)

    def run(self) -> None:
        """Until somebody says `leave`; what it started is left as it is, unless that said otherwise."""
        store = self._contexts.store()
        seen = store.run_time(SEEN)
        if seen is None:
            seen = _end_of_journal(store)
            store.set_run_time(SEEN, seen)
        self._seen = seen
        self._looking.start()
        self._monitor.start()
        self._telling.start()
        rested = time.monotonic()
        while not self._left.is_set():
            if self._has_news(store) or self._is_due(rested):
                rested = time.monotonic()
                self._step(store)
            self._woken.wait(POLL_SECONDS)
        self._go()

    def wake(self) -> None:
        """Something may have changed; from any thread."""
        self._version = -1
        self._woken.set()

    def leave(self, *, stop_sessions: bool) -> None:
        """Start nothing more, and return from `run`; from any thread, and from a signal handler."""
        self._stops_sessions |= stop_sessions
        self._left.set()
        self._woken.set()

    def handlers(self) -> Mapping[str, Handler]:
        """What it answers on the socket, by the name of the request."""
        return {
            **self._requests.handlers(),
            **self._carrying.handlers(),
            **live_handlers(self._hub, self._monitor, self._left),
        }

    def health(self) -> dict[str, Any]:
        """For `sc status`: what it sees, as plain JSON."""
        return {"silent": self._looking.silent, "waits_because": self._starting.waits_because}

    def _has_news(self, store: Store) -> bool:
        self._woken.clear()
        version = store.data_version()
        is_new, self._version = version != self._version, version
        return is_new

    def _is_due(self, rested: float) -> bool:
        now, again = time.monotonic(), self._starting.next_try
        return now - rested > REST_SECONDS or (again is not None and rested < again <= now)

    def _step(self, store: Store) -> None:
        try:
            self._hear(store)
            self._monitor.refresh()
            self._telling.soon()
            self._carrying.look()
            rules = self._unpark(store, store.queue.rules())
            self._starting.step(store.queue.items(AT_ONCE), store.queue.occupancy(), rules, self._settling.ending())
            self._batching.look()
        except ScopecraftError as error:  # of the machine or of a file; the next step may find it mended
            _log.error("%s", error)
        if self._starting.superseded is not None:
            raise self._starting.superseded

    def _hear(self, store: Store) -> None:
        """Each event has its effect once, and before anything begins that it might forbid."""
        events = store.events(after=self._seen)
        ends = [event for event in events if event.kind == "session_ended" and event.session_id]
        for event in ends:
            # whoever took it out of the line may have been killed before they did
            forget_caller(self._contexts.home.sessions / str(event.session_id))
            if event.data.get("outcome") in BAD_ENDS:
                self._stop_on_failure(store, event)
        self._carrying.hear(events)
        self._seen = events[-1].seq if events else self._seen
        if ends:  # the others have no effect, and to write waits for the disk
            store.set_run_time(SEEN, self._seen)

    def _stop_on_failure(self, store: Store, event: Event) -> None:
        session = store.get(event.session_id or "")
        if session is None or session.mode != "autonomous" or session.step_id == "visit":
            return

        def paused(rules: QueueRules) -> QueueRules:
            if not rules.stops_on_failure or rules.is_paused:
                return rules
            return replace(rules, is_paused=True, paused_because=f"{session.task} ended badly ({session.id})")

        data = {"change": "paused", "because": f"{session.task} ended badly"}
        store.queue.change_rules(paused, clock.to_text(clock.now()), data)

    def _unpark(self, store: Store, rules: QueueRules) -> QueueRules:
        """A provider's limit that has been reset is over by itself."""
        now = clock.to_text(clock.now())
        if rules.parked_until is None or is_parked(rules, now):
            return rules

        def free(known: QueueRules) -> QueueRules:
            return known if is_parked(known, now) else replace(known, parked_until=None, parked_because="")

        return store.queue.change_rules(free, now, {"change": "unparked"})

    def _go(self) -> None:
        self._starting.leave()
        self._batching.leave()
        self._carrying.leave()
        self._looking.leave()
        self._monitor.leave()
        self._telling.leave()
        self._starting.wait(LEAVE_SECONDS)
        if self._stops_sessions:
            self._stop_sessions()
        self._settling.leave(LEAVE_SECONDS)

    def _stop_sessions(self) -> None:
        """All at once: each may take its own grace, and there is one for all of it."""
        live = self._contexts.fresh().store.live()
        running = [session.id for session in live if session.status.kind in ("running", "waiting")]
        if running:
            with ThreadPoolExecutor(min(len(running), MOST_STOPPING), thread_name_prefix="stop") as pool:
                list(pool.map(self._stop_session, running))

    def _stop_session(self, session_id: str) -> None:
        try:
            stop_session(self._contexts.fresh(), session_id, now=False, by="sc down")
        except ScopecraftError as error:  # it must not keep the others running
            _log.warning("%s cannot be stopped: %s", session_id, error)


def _end_of_journal(store: Store) -> int:
    return max((event.seq for event in store.earlier_events(limit=1)), default=0)
