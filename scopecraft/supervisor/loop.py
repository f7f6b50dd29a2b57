"""What the supervisor does all day, as a list of duties."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from scopecraft.config.paths import Home
from scopecraft.supervisor.handling import Handler


class Loop:
    """One home's supervisor, for the process that holds its lock; `fence` is the number that it got with it."""

    def __init__(self, home: Home, environ: Mapping[str, str], fence: int) -> None:
        self._home = home
        self._environ = environ
        self._fence = fence
        self._woken = threading.Event()
        self._left = threading.Event()

    def run(self) -> None:
        """Until somebody says `leave`; what it started is left as it is, unless that said otherwise."""
        while not self._left.is_set():
            self._woken.wait(1.0)
            self._woken.clear()

    def wake(self) -> None:
        """Something may have changed; from any thread."""
        self._woken.set()

    def leave(self, *, stop_sessions: bool) -> None:  # noqa: ARG002
        """Start nothing more, and return from `run`; from any thread, and from a signal handler."""
        self._left.set()
        self._woken.set()

    def handlers(self) -> Mapping[str, Handler]:
        """What it answers on the socket, by the name of the request."""
        return {}

    def health(self) -> dict[str, Any]:
        """For `sc status`: what it sees, as plain JSON."""
        return {}
