"""Telling the person of events, one after another, in a thread of its own: their command may take its time."""

from __future__ import annotations

import logging
import threading

from scopecraft.errors import ScopecraftError
from scopecraft.sessions.notifying import Notifier
from scopecraft.supervisor.contexts import Contexts

REST_SECONDS = 30.0
_log = logging.getLogger(__name__)


class Telling:
    def __init__(self, contexts: Contexts) -> None:
        self._notifier = Notifier(contexts.fresh)
        self._soon = threading.Event()
        self._is_over = False
        self._thread = threading.Thread(target=self._run, name="tell", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def soon(self) -> None:
        """There may be something to tell; from any thread."""
        self._soon.set()

    def leave(self) -> None:
        self._is_over = True
        self._soon.set()

    def _run(self) -> None:
        while not self._is_over:
            self._soon.clear()
            try:
                while not self._is_over and self._notifier.step():
                    pass
            except ScopecraftError as error:
                _log.warning("nobody can be told: %s", error)
            # A border: what cannot be told must not end the telling.
            except Exception:  # noqa: BLE001
                _log.exception("nobody can be told, by a fault of scopecraft")
            self._soon.wait(REST_SECONDS)
