"""The supervisor as a process: it takes the home, answers on its socket, runs the loop, and leaves in order."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from typing import Any, Protocol

import scopecraft
from scopecraft.config.paths import Home, runtime_folder
from scopecraft.errors import StorageFailed, Superseded
from scopecraft.model import clock
from scopecraft.model.event import Event, EventKind
from scopecraft.sessions.context import Context
from scopecraft.supervisor.departure import HOME_LOST, LEFT, Departure, hear_signals
from scopecraft.supervisor.handling import Caller, Handler
from scopecraft.supervisor.lock import HomeLock, home_lock
from scopecraft.supervisor.log import log_path, logging_to
from scopecraft.supervisor.server import Server

CRASHED = 1
WATCH_SECONDS = 0.25
NEXT_TRY_SECONDS = 5.0
_log = logging.getLogger(__name__)


class Duties(Protocol):
    """What a supervisor does all day; see `loop.Loop`, which is the one."""

    def run(self) -> None: ...
    def wake(self) -> None: ...
    def leave(self, *, stop_sessions: bool) -> None: ...
    def handlers(self) -> Mapping[str, Handler]: ...
    def health(self) -> dict[str, Any]: ...


def _loop(home: Home, environ: Mapping[str, str], fence: int) -> Duties:
    from scopecraft.supervisor.loop import Loop  # here: callers can already line up at the socket meanwhile

    return Loop(home, environ, fence)


def serve(
    home: Home, environ: Mapping[str, str], make_duties: Callable[[Home, Mapping[str, str], int], Duties] = _loop
) -> int:
    """Supervise the home until told to leave, from the main thread; the exit code: 0, 1 for a crash, 3 without a home.

    Raises AlreadyRunning, BadSettings, and what else keeps it from beginning.
    """
    with home_lock(home) as lock, logging_to(home):
        context = Context(home, environ)
        settings = context.settings.supervisor
        with closing(Server(lambda: runtime_folder(home, environ))) as server:
            lock.listens_at(server.listen())
            with context.store as store:
                fence = store.next_fence()
                _record(context, "supervisor_started", {"version": scopecraft.__version__, "fence": fence})
                duties = make_duties(home, environ, fence)
                departure = Departure(duties, settings.grace, stops_sessions=settings.on_down == "stop")
                return _Supervisor(context, lock, server, duties, departure).run(fence)


class _Supervisor:
    def __init__(self, context: Context, lock: HomeLock, server: Server, duties: Duties, departure: Departure) -> None:
        self._context = context
        self._lock = lock
        self._server = server
        self._duties = duties
        self._departure = departure
        self._began = time.monotonic()
        self._over = threading.Event()

    def run(self, fence: int) -> int:
        home = self._context.home.root
        _log.info("supervisor %s of %s: pid %d, fence %d", scopecraft.__version__, home, os.getpid(), fence)
        hear_signals(self._departure.on_signal)
        self._server.start({**self._duties.handlers(), **self._own_handlers(fence)})
        threading.Thread(target=self._watch, name="watch", daemon=True).start()
        try:
            code = self._run_loop()
        finally:
            self._over.set()
            self._server.close()
        if self._departure.has_lost_home:
            return HOME_LOST
        why = self._departure.why or ("crashed" if code == CRASHED else "superseded")
        with suppress(StorageFailed):  # the log has it too
            _record(self._context, "supervisor_stopped", {"why": why})
        _log.info("left: %s", why)
        return code

    def _run_loop(self) -> int:
        try:
            self._duties.run()
        except Superseded as error:
            _log.error("%s", error)
            return HOME_LOST
        # One of the two places here that may catch everything: a fault of the loop ends it in order, with a record.
        except Exception:  # noqa: BLE001
            if not self._lock.is_current:  # no wonder then
                self._departure.lose_home()
                return HOME_LOST
            _log.exception("the supervisor ends by a fault of its own")
            return CRASHED
        return LEFT

    def _own_handlers(self, fence: int) -> dict[str, Handler]:
        def wake(_caller: Caller, _body: Mapping[str, Any]) -> dict[str, Any]:
            self._duties.wake()
            return {}

        def leave(_caller: Caller, body: Mapping[str, Any]) -> dict[str, Any]:
            # None: as the settings say
            stop = body.get("stop_sessions")
            self._departure.ask("asked to", stop_sessions=stop if isinstance(stop, bool) else None)
            return {"pid": os.getpid()}

        def health(_caller: Caller, _body: Mapping[str, Any]) -> dict[str, Any]:
            return {
                "pid": os.getpid(),
                "version": scopecraft.__version__,
                "uptime_seconds": time.monotonic() - self._began,
                "fence": fence,
                "home": str(self._context.home.root),
                "log": str(log_path(self._context.home)),
                "is_leaving": self._departure.why is not None,
                "loop": self._duties.health(),
            }

        return {"wake": wake, "leave": leave, "health": health}

    def _watch(self) -> None:
        """A home, a lock file or a socket that is gone or another's is noticed within a quarter of a second."""
        while not self._over.wait(WATCH_SECONDS):
            if not self._lock.is_current:
                self._departure.lose_home()
                return
            if not self._server.is_found:
                self._listen_anew()

    def _listen_anew(self) -> None:
        try:
            path = self._server.listen()
            self._lock.listens_at(path)
        except StorageFailed as error:
            _log.warning("%s", error)
            self._over.wait(NEXT_TRY_SECONDS)
        else:
            _log.warning("the socket was removed: now listening at %s", path)


def _record(context: Context, kind: EventKind, data: Mapping[str, str | int]) -> None:
    event = Event(0, clock.to_text(clock.now()), kind, data={"pid": os.getpid(), **data})
    context.store.append(event)
