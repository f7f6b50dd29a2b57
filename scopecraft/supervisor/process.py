"""The supervisor as a process: it takes the home, answers on its socket, runs the loop, and leaves in order."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

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

if TYPE_CHECKING:
    from scopecraft.config.settings import SupervisorSettings

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


class Surface(Protocol):
    """Another way to reach it beside its own socket; see `scopecraft.api.surface`, which is the one."""

    def begin(self) -> None:
        """Listen. Raises Refused when it cannot where it must."""

    def handlers(self) -> Mapping[str, Handler]: ...
    def health(self) -> dict[str, Any]: ...
    def close(self) -> None: ...


class NoSurface:
    """There is no other way."""

    def __init__(self, _context: Context) -> None:
        pass

    def begin(self) -> None:
        pass

    def handlers(self) -> Mapping[str, Handler]:
        return {}

    def health(self) -> dict[str, Any]:
        return {}

    def close(self) -> None:
        pass


Maker = Callable[[Home, Mapping[str, str], int], Duties]


def serve(
    home: Home,
    environ: Mapping[str, str],
    make_duties: Maker = _loop,
    make_surface: Callable[[Context], Surface] = NoSurface,
) -> int:
    """Supervise the home until told to leave, from the main thread; the exit code: 0, 1 for a crash, 3 without a home.

    Raises AlreadyRunning, BadSettings, and what else keeps it from beginning.
    """
    with home_lock(home) as lock, logging_to(home):
        context = Context(home, environ)
        settings = context.settings.supervisor
        with (
            closing(Server(lambda: runtime_folder(home, environ))) as server,
            closing(make_surface(context)) as surface,
        ):
            surface.begin()
            lock.listens_at(server.listen())
            with context.store as store:
                for notice in store.notices:
                    _log.warning("%s", notice)
                fence = store.next_fence()
                _record(context, "supervisor_started", {"version": scopecraft.__version__, "fence": fence})
                doors = _Doors(lock, server, surface, fence)
                return _Supervisor(context, doors, settings).run(make_duties)


@dataclass(frozen=True, slots=True)
class _Doors:
    """Where it can be met, and the number by which it is known."""

    lock: HomeLock
    server: Server
    surface: Surface
    fence: int


class _Supervisor:
    """It answers, and may be told to leave, while its duties are still being made: they take the longest to load."""

    def __init__(self, context: Context, doors: _Doors, settings: SupervisorSettings) -> None:
        self._context = context
        self._lock = doors.lock
        self._server = doors.server
        self._surface = doors.surface
        self._fence = doors.fence
        self._duties: Duties | None = None
        self._stops_sessions: bool | None = None  # None: nobody has said that it shall leave
        self._departure = Departure(self._end_duties, settings.grace, stops_sessions=settings.on_down == "stop")
        self._began = time.monotonic()
        self._over = threading.Event()

    def run(self, make_duties: Maker) -> int:
        home = self._context.home.root
        _log.info("supervisor %s of %s: pid %d, fence %d", scopecraft.__version__, home, os.getpid(), self._fence)
        hear_signals(self._departure.on_signal)
        self._server.start(self._own_handlers())
        threading.Thread(target=self._watch, name="watch", daemon=True).start()
        try:
            code = self._do(make_duties)
        finally:
            self._over.set()
            self._surface.close()
            self._server.close()
        if self._departure.has_lost_home:
            return HOME_LOST
        why = self._departure.why or ("crashed" if code == CRASHED else "superseded")
        with suppress(StorageFailed):  # the log has it too
            _record(self._context, "supervisor_stopped", {"why": why})
        _log.info("left: %s", why)
        return code

    def _do(self, make_duties: Maker) -> int:
        try:
            duties = self._duties = make_duties(self._context.home, self._context.environ, self._fence)
            if self._stops_sessions is not None:  # said before there was anybody to hear it
                duties.leave(stop_sessions=self._stops_sessions)
            self._server.complete(duties.handlers())
            duties.run()
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

    def _end_duties(self, *, stop_sessions: bool) -> None:
        self._stops_sessions = stop_sessions
        if self._duties is not None:
            self._duties.leave(stop_sessions=stop_sessions)

    def _own_handlers(self) -> dict[str, Handler]:
        def wake(_caller: Caller, _body: Mapping[str, Any]) -> dict[str, Any]:
            if self._duties is not None:
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
                "fence": self._fence,
                "home": str(self._context.home.root),
                "log": str(log_path(self._context.home)),
                "is_leaving": self._departure.why is not None,
                "loop": None if self._duties is None else self._duties.health(),
                "http": self._surface.health(),
            }

        return {**self._surface.handlers(), "wake": wake, "leave": leave, "health": health}

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
