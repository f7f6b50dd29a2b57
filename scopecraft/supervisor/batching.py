"""Batches are fed while the supervisor is up: as soon as a place comes free, or what a mission waits for is done."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from scopecraft.atomic import written_ns
from scopecraft.errors import LockHeld, ScopecraftError
from scopecraft.sessions.batches import feed, room_for, unfed
from scopecraft.sessions.carrying_on import Carried, carry_on
from scopecraft.sessions.context import Context
from scopecraft.supervisor.contexts import Contexts

AT_ONCE = 3  # then the loop has its turn, and a person's command another
_log = logging.getLogger(__name__)


class Batching:
    """In a thread of its own, since a mission that is made takes git a moment; `wake` is called from there."""

    def __init__(self, contexts: Contexts, wake: Callable[[], None]) -> None:
        self._contexts, self._wake = contexts, wake
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="batch")
        self._is_asked = threading.Event()
        self._fed_at = 0  # the date of the folder of batches as of which all of them are fed (ns)

    def look(self) -> None:
        """Whatever happened may have made room. Costs a look at a date while there is no batch to feed."""
        if not self._is_asked.is_set() and written_ns(self._contexts.home.batches) != self._fed_at:
            self._is_asked.set()
            self._pool.submit(self._feed_safely)

    def leave(self) -> None:
        self._is_asked.set()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _carry(self, context: Context, mission_id: str) -> Carried:
        """Its sessions stand in line: whoever starts what stands there starts several at once."""
        carried = carry_on(context, mission_id)
        if carried.begun:
            self._wake()
        return carried

    def _feed_safely(self) -> None:
        self._is_asked.clear()
        try:
            context = self._contexts.fresh()
            feed(context, self._carry, room_for, most=AT_ONCE, timeout=0)
            written = written_ns(self._contexts.home.batches)
            if not unfed(context):
                self._fed_at = written
        except LockHeld:
            pass  # a command feeds them just now
        except ScopecraftError as error:
            _log.warning("the batches are not fed: %s", error)
        # A border: a fault of ours in one batch must not keep the supervisor from all that follow.
        except Exception:  # noqa: BLE001
            _log.exception("the batches are not fed, by a fault of scopecraft")
