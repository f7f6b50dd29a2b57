"""Settling what is over, several at a time: each as soon as anybody hears of its end."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from scopecraft.errors import ScopecraftError
from scopecraft.model.session import Ended, is_live
from scopecraft.sessions.settle import LOCK_WAIT_SECONDS, settle
from scopecraft.supervisor.contexts import Contexts

AT_ONCE = 4
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 10.0
_log = logging.getLogger(__name__)


class Settling:
    """`wake` is called when one was settled, or cannot be."""

    def __init__(self, contexts: Contexts, wake: Callable[[], None]) -> None:
        self._contexts, self._wake = contexts, wake
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="settle")
        self._lock = threading.Lock()
        self._at_it: dict[str, bool] = {}  # session: whether it was heard that its container is over
        self._pauses: dict[str, tuple[float, float]] = {}  # session: how long, and until when (monotonic)

    def ask(self, session_id: str, *, is_over: bool = False) -> None:
        """Look at it and settle it if it is over; `is_over` says that it is. From any thread."""
        with self._lock:
            if session_id in self._at_it:
                self._at_it[session_id] |= is_over
                return
            if not is_over and time.monotonic() < self._pauses.get(session_id, (0.0, 0.0))[1]:
                return
            self._at_it[session_id] = is_over
        self._pool.submit(self._settle, session_id)
        if is_over:
            self._wake()  # the next in line can be made ready meanwhile

    def ending(self) -> int:
        """How many are being settled whose container is known to be over."""
        with self._lock:
            return sum(self._at_it.values())

    def leave(self, seconds: float) -> None:
        """What is being settled gets that long; whoever looks next goes on with the rest."""
        deadline = time.monotonic() + seconds
        while self._at_it and time.monotonic() < deadline:
            time.sleep(0.02)
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _settle(self, session_id: str) -> None:
        try:
            # somebody else who starts or settles it is only waited for where there is something to do
            patience = LOCK_WAIT_SECONDS if self._at_it[session_id] else 0
            session = settle(self._contexts.fresh(), session_id, wait_seconds=patience)
            if is_live(session.status):
                self._pause(session_id)
                return
            self._pauses.pop(session_id, None)
            if isinstance(session.status, Ended):
                _log.info("%s (%s) ended: %s", session.id, session.task, session.status.outcome.kind)
        except ScopecraftError as error:
            _log.warning("%s cannot be settled now: %s", session_id, error)
            self._pause(session_id)
        # A border: a fault of ours in one session must not end the thread that settles the others.
        except Exception:  # noqa: BLE001
            _log.exception("%s cannot be settled, by a fault of scopecraft", session_id)
            self._pause(session_id)
        finally:
            with self._lock:
                del self._at_it[session_id]
            self._wake()

    def _pause(self, session_id: str) -> None:
        length = min(LONGEST_PAUSE_SECONDS, 2 * self._pauses.get(session_id, (FIRST_PAUSE_SECONDS / 2, 0.0))[0])
        self._pauses[session_id] = (length, time.monotonic() + length)
