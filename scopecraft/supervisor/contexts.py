"""Contexts for the supervisor's threads: each thread has its own connections, each duty reads the settings anew."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping

from scopecraft.config.paths import Home, require_home
from scopecraft.executors.container import ContainerExecutor
from scopecraft.sessions.context import Context
from scopecraft.state.store import Store

_log = logging.getLogger(__name__)


class Contexts:
    """Of one home; `environ` is the supervisor's own, which holds where nobody's else is given."""

    def __init__(self, home: Home, environ: Mapping[str, str]) -> None:
        self.home = home
        self.environ = environ
        self._local = threading.local()

    def fresh(self, environ: Mapping[str, str] | None = None) -> Context:
        """For one piece of work in this thread."""
        context = Context(self.home, self.environ if environ is None else environ, self._engines())
        context.__dict__["store"] = self.store()
        return context

    def store(self) -> Store:
        """This thread's own."""
        if not hasattr(self._local, "store"):
            # a home that was removed does not come back by our asking
            self._local.store = Store.open(require_home(self.home).root, on_notice=_tell)
        store: Store = self._local.store
        return store

    def _engines(self) -> dict[str, ContainerExecutor]:
        if not hasattr(self._local, "engines"):
            self._local.engines = {}
        engines: dict[str, ContainerExecutor] = self._local.engines
        return engines


def _tell(notice: str) -> None:
    """What was mended in the state while no command was there to tell a person of it."""
    _log.warning("%s", notice)
