"""How a supervisor leaves: asked once, politely and in time; asked twice, at once; without its home, at once too."""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
from collections.abc import Callable
from typing import Protocol

LEFT = 0
HOME_LOST = 3  # as things stand there is nothing to supervise: nobody should start it again because of that
LOST_SECONDS = 0.5
_log = logging.getLogger(__name__)


class End(Protocol):
    def __call__(self, *, stop_sessions: bool) -> None: ...


class Departure:
    """`end` makes the loop return; the process is ended where that takes too long. All of it from any thread."""

    def __init__(self, end: End, grace_seconds: float, *, stops_sessions: bool) -> None:
        self._end = end
        self._grace_seconds = grace_seconds
        self._stops_sessions = stops_sessions
        self._lock = threading.Lock()
        self.why: str | None = None  # set when it leaves
        self.has_lost_home = False

    def ask(self, why: str, *, stop_sessions: bool | None = None) -> None:
        """Leave within the grace; `stop_sessions` as the settings say unless told. Again: nothing more happens."""
        with self._lock:
            if self.why is not None:
                return
            self.why = why
        stop = self._stops_sessions if stop_sessions is None else stop_sessions
        _log.info("leaving: %s; sessions are %s", why, "stopped" if stop else "left as they are")
        _end_after(self._grace_seconds, LEFT, "it took too long to leave; what is open is finished at the next start")
        self._end(stop_sessions=stop)

    def on_signal(self, name: str) -> None:
        """SIGTERM or SIGINT: the first one asks, the second one ends the process with exit code 0.

        Not another code: the person wanted it to end, and a service manager would start what failed again.
        """
        if self.why is not None:
            os._exit(LEFT)
        self.ask(name)

    def lose_home(self) -> None:
        """The home or its lock file is gone: whatever the loop does now could meet another supervisor's doings."""
        with self._lock:
            if self.has_lost_home:
                return
            self.has_lost_home = True
            self.why = self.why or "the home or its lock file was removed or replaced"
        _log.error("leaving at once: the home or its lock file was removed or replaced; sessions go on")
        _end_after(LOST_SECONDS, HOME_LOST, "")
        self._end(stop_sessions=False)


def _end_after(seconds: float, code: int, why: str) -> None:
    def end() -> None:
        if why:
            _log.warning(why)
        os._exit(code)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()


def hear_signals(on_signal: Callable[[str], None]) -> None:
    """From the main thread, for the rest of the process.

    A thread acts on them: the main one may be busy in a call that does not return for seconds. SIGHUP changes nothing,
    since a closed terminal is no reason to leave; it is not ignored either, or all that is started here would be deaf
    to it (a tmux window's shell ends by it).
    """
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    signal.set_wakeup_fd(theirs.fileno(), warn_on_full_buffer=False)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: None)

    def hear() -> None:
        with theirs, ours:
            while numbers := ours.recv(16):
                for number in numbers:
                    if number in (signal.SIGTERM, signal.SIGINT):
                        on_signal(signal.Signals(number).name)

    threading.Thread(target=hear, name="signals", daemon=True).start()
