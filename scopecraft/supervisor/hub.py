"""Telling what happens to whoever listens, as it happens. What is not told because nobody reads it is not missed:
the journal has what matters, and an activity is followed by the next one.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

MOST_WAITING = 1000


class Hub:
    """From any thread to any number of listeners."""

    def __init__(self) -> None:
        self._listeners: set[queue.SimpleQueue[dict[str, Any]]] = set()
        self._lock = threading.Lock()

    def tell(self, message: dict[str, Any]) -> None:
        with self._lock:
            listeners = list(self._listeners)
        for each in listeners:
            if each.qsize() < MOST_WAITING:
                each.put(message)

    @contextmanager
    def listening(self) -> Iterator[queue.SimpleQueue[dict[str, Any]]]:
        own: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        with self._lock:
            self._listeners.add(own)
        try:
            yield own
        finally:
            with self._lock:
                self._listeners.discard(own)
