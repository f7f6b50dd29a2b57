"""Looking at all that lives, now and then: what nobody told us of is seen here, for windows and for containers."""

from __future__ import annotations

import logging
import threading
import time

from scopecraft.errors import ScopecraftError
from scopecraft.executors.engine_events import EngineEvents
from scopecraft.executors.process import ProcessExecutor
from scopecraft.model.handle import Alive, ContainerHandle, Exited, Gone, Look, ProcessHandle, Unknown
from scopecraft.model.session import Queued, Session, handle_of
from scopecraft.sessions.context import Context
from scopecraft.sessions.look import looks_of, observe
from scopecraft.sessions.overdue import must_end
from scopecraft.sessions.settle_facts import boot_id
from scopecraft.supervisor.contexts import Contexts
from scopecraft.supervisor.settling import Settling

LOOK_SECONDS = 1.5
CALLS_SECONDS = 0.2
CONTAINERS_SECONDS = 5.0  # the engine tells of their ends by itself; this is for what it did not tell
_log = logging.getLogger(__name__)


class Looking:
    """A thread that asks engine and tmux, and hears of ends from the engine's own events in between."""

    def __init__(self, contexts: Contexts, settling: Settling) -> None:
        self._contexts, self._settling = contexts, settling
        self._soon = threading.Event()
        self._is_over = False
        self._events: dict[str, EngineEvents] = {}
        self._processes = ProcessExecutor(boot_id())
        self._version = -1
        self._live: list[Session] = []
        self._containers_due = 0.0
        self.silent: str = ""  # why the engine or tmux cannot be looked at, if so
        self._thread = threading.Thread(target=self._run, name="look", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def soon(self) -> None:
        """From any thread: a look at everything."""
        self._containers_due = 0.0
        self._soon.set()

    def leave(self) -> None:
        self._is_over = True
        self._soon.set()
        for events in self._events.values():
            events.close()

    def _run(self) -> None:
        while not self._is_over:
            self._soon.clear()
            try:
                self._look()
            except ScopecraftError as error:
                _log.warning("cannot look at the sessions: %s", error)
            # A border: whatever went wrong in one look, there must be a next one.
            except Exception:  # noqa: BLE001
                _log.exception("a look at the sessions failed, by a fault of scopecraft")
            self._wait()

    def _wait(self) -> None:
        """For the next look. The end of a call of a model is seen in between: nobody tells of it, and it is cheap."""
        until = time.monotonic() + LOOK_SECONDS
        calls = {session.id: handle_of(session.status) for session in self._live if session.executor == "process"}
        while calls and time.monotonic() < until and not self._soon.wait(CALLS_SECONDS):
            for session_id, handle in list(calls.items()):
                if isinstance(handle, ProcessHandle) and not isinstance(self._processes.look(handle), Alive):
                    self._settling.ask(session_id, is_over=True)
                    del calls[session_id]
        self._soon.wait(max(0.0, until - time.monotonic()))

    def _look(self) -> None:
        context = self._contexts.fresh()
        live = self._current(context)
        if time.monotonic() >= self._containers_due:
            self._containers_due = time.monotonic() + CONTAINERS_SECONDS
            self._listen({context.engine} | _engines_of(live))
        else:
            live = [session for session in live if session.executor != "container" or handle_of(session.status) is None]
        if not live:
            return
        looks = looks_of(context, live)
        silent = next((look.why for look in looks.values() if isinstance(look, Unknown)), "")
        if silent != self.silent:
            _log.info("%s", silent or "engine and tmux answer again")
            self.silent = silent
        for session in live:
            self._judge(context, session, looks.get(session.id))

    def _current(self, context: Context) -> list[Session]:
        """Read again only when somebody wrote: what was read of 50 sessions costs more than a look at them."""
        version = context.store.data_version()
        if version != self._version:
            self._live = [session for session in context.store.live() if not isinstance(session.status, Queued)]
            self._version = version
        return self._live

    def _judge(self, context: Context, session: Session, look: Look | None) -> None:
        if isinstance(look, Exited | Gone):
            self._settling.ask(session.id, is_over=True)
        elif look is None:
            self._settling.ask(session.id)  # starting: its starter may have died
        elif isinstance(look, Alive):
            if must_end(session, context.folder(session.id)):
                self._settling.ask(session.id)
            elif session.executor == "tmux":
                observe(context, session, look)

    def _listen(self, engines: set[str]) -> None:
        for engine in engines - set(self._events):
            self._events[engine] = EngineEvents(engine, self._contexts.home.label, self._heard_end, self.soon)

    def _heard_end(self, session_id: str) -> None:
        self._settling.ask(session_id, is_over=True)


def _engines_of(live: list[Session]) -> set[str]:
    handles = (handle_of(session.status) for session in live)
    return {handle.engine for handle in handles if isinstance(handle, ContainerHandle)}
