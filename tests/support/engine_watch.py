"""All that an engine says of a home's session containers while a test runs, so that no second start goes unseen."""

from __future__ import annotations

import contextlib
import threading
from collections import Counter
from types import TracebackType
from typing import Any, Self

from docker import APIClient
from docker.errors import DockerException
from requests.exceptions import RequestException

from scopecraft.executors.container import knock
from tests.support.wait import until

KINDS = ("create", "start", "die", "destroy")


class EngineWatch:
    """Hears from the moment the `with` block begins; an engine that went away is listened to again when it is back."""

    def __init__(self, address: str, home_label: str) -> None:
        self._address, self._label = address, home_label
        self._heard: dict[tuple[str, str, int], None] = {}  # kind, session, when: told twice after a new beginning
        self._last = 0
        self._stream: Any = None
        self._listens = threading.Event()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._listen, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        until(self._listens.is_set, 20, what="the engine to tell its events")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closed.set()
        if self._stream is not None:
            with contextlib.suppress(OSError, ValueError, AttributeError):
                self._stream.close()
        self._thread.join(10)

    def sessions(self, kind: str) -> Counter[str]:
        """Each session, and how often that happened to a container of it."""
        return Counter(session_id for heard, session_id, _ in tuple(self._heard) if heard == kind)

    def _listen(self) -> None:
        while not self._closed.is_set():
            with contextlib.suppress(DockerException, RequestException, OSError, ValueError, AttributeError):
                self._hear()
            self._closed.wait(0.1)

    def _hear(self) -> None:
        filters = {
            "type": "container",
            "event": list(KINDS),
            "label": [f"scopecraft.home={self._label}", "scopecraft.kind=session"],
        }
        knock(self._address)
        with contextlib.closing(APIClient(base_url=self._address, version="auto", timeout=3600)) as client:
            self._stream = client.events(since=self._last or None, filters=filters, decode=True)
            self._listens.set()
            for event in self._stream:
                if self._closed.is_set():
                    return
                session_id = event["Actor"]["Attributes"]["scopecraft.session"]
                self._heard[event["Action"], session_id, event["timeNano"]] = None
                self._last = event["time"]
