"""Knowing when a followed session is over, without asking the engine all the time."""

from __future__ import annotations

import time

from scopecraft.model.session import Session, is_live
from scopecraft.sessions.context import Context
from scopecraft.sessions.folder import launcher_exit
from scopecraft.sessions.settle import settle

LOOK_SECONDS = 2.0  # between two questions to the engine, unless the launcher says that it is over


class Ending:
    """Settles the session when it is over; `session` is how it was at the last question."""

    def __init__(self, context: Context, session: Session) -> None:
        self.session = session
        self._context = context
        self._next_look = 0.0
        self._version = -1
        self._is_told = False  # by the launcher, or by an agent in its name: so it shortens the wait only once

    def is_over(self) -> bool:
        """To be asked as often as one likes. Raises what settling raises."""
        self._see_what_is_written()
        if is_live(self.session.status) and self._is_due():
            began = time.monotonic()
            self.session = settle(self._context, self.session.id, wait_seconds=0)
            # an engine that hangs must not hold up what can be read
            self._next_look = time.monotonic() + max(LOOK_SECONDS, (time.monotonic() - began) * 10)
        return not is_live(self.session.status)

    def _see_what_is_written(self) -> None:
        """Whoever settled it has written that down."""
        version = self._context.store.data_version()
        if version != self._version:
            self._version = version
            self.session = self._context.store.get(self.session.id) or self.session

    def _is_due(self) -> bool:
        if time.monotonic() >= self._next_look:
            return True
        if self._is_told or launcher_exit(self._context.folder(self.session.id))[1] is None:
            return False
        self._is_told = True
        return True
