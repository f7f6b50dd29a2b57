"""Hearing at once from the engine that a session's container is over. Nothing rests on it: looks find out too."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from typing import Any

from scopecraft.errors import EngineFailed, EngineUnavailable
from scopecraft.executors.container import ContainerExecutor, translated

LONGEST_PAUSE_SECONDS = 5.0
SILENCE_SECONDS = 3600.0  # an engine with nothing to tell is not an engine that hangs


class EngineEvents:
    """A thread that listens to one engine until `close`; where the engine is away it tries again, ever more slowly.

    `on_end` gets the id of a session whose container is over, `on_back` is called when the engine answers (again).
    """

    def __init__(
        self, engine: str, home_label: str, on_end: Callable[[str], None], on_back: Callable[[], None]
    ) -> None:
        self._engine, self._label = engine, home_label
        self._on_end, self._on_back = on_end, on_back
        self._closed = threading.Event()
        self._stream: Any = None
        self._thread = threading.Thread(target=self._listen, name=f"events of {engine}", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """From any thread; the thread itself may take a moment, and holds nothing up."""
        self._closed.set()
        stream = self._stream
        if stream is not None:
            with contextlib.suppress(OSError, ValueError, AttributeError):
                stream.close()

    def _listen(self) -> None:
        pause = 0.1
        while not self._closed.is_set():
            executor = ContainerExecutor(self._engine)
            try:
                self._hear(executor)
                pause = 0.1  # it answered, and hung up
            except (EngineUnavailable, EngineFailed):
                pause = min(LONGEST_PAUSE_SECONDS, pause * 2)
            finally:
                executor.close()
            self._closed.wait(pause)

    def _hear(self, executor: ContainerExecutor) -> None:
        filters = {"type": "container", "event": ["die"], "label": [f"scopecraft.home={self._label}"]}
        with translated(self._engine):
            client = executor.client
            client.timeout = SILENCE_SECONDS
            self._stream = client.events(filters=filters, decode=True)
            self._on_back()  # what ended before is looked for; what ends from now on is heard
            for event in self._stream:
                if self._closed.is_set():
                    return
                labels = event.get("Actor", {}).get("Attributes", {})
                if labels.get("scopecraft.kind") == "session" and labels.get("scopecraft.session"):
                    self._on_end(str(labels["scopecraft.session"]))
