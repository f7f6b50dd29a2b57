"""What happens, for any number of viewers: each event is read and written down once, whoever looks on.

A viewer has a place in the journal, and gets what comes after it: so nothing is missing and nothing comes twice,
however often its connection is lost. What sessions say of themselves is told as it is now, and never kept.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import orjson

from scopecraft.errors import ScopecraftError, SupervisorFailed
from scopecraft.sessions.journal import PAGE, Journal, JournalEntry, entry_dict
from scopecraft.supervisor import client
from scopecraft.supervisor.contexts import Contexts

LOOK_SECONDS = 0.02  # for what other processes write into the journal
RETRY_SECONDS = 1.0
KEPT_EVENTS = 2000
_log = logging.getLogger(__name__)


def written(entry: JournalEntry) -> str:
    return orjson.dumps(entry_dict(entry)).decode()


def _said(told: dict[str, Any]) -> str:
    return orjson.dumps({"session": told["session_id"], "task": told["task"], **told["activity"]}).decode()


@dataclass(eq=False)
class Viewer:
    """One who looks on: the place up to which they have everything, and what sessions said since then."""

    place: int
    news: asyncio.Event = field(default_factory=asyncio.Event)
    said: dict[str, str] = field(default_factory=dict)


class Feed:
    """For viewers on one event loop, which begins it; two threads read while anybody looks on."""

    def __init__(self, contexts: Contexts) -> None:
        self._contexts = contexts
        self._viewers: set[Viewer] = set()
        self._recent: deque[tuple[int, str]] = deque(maxlen=KEPT_EVENTS)
        self._floor = 0  # all that came after this place is among the recent
        self._place = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._threads: list[threading.Thread] = []
        self._wanted = threading.Event()
        self._is_over = threading.Event()
        self._ready: asyncio.Future[None] | None = None

    async def join(self, after: int | None) -> Viewer:
        """A viewer who has everything up to `after`; from now on where that is None, or no place of this journal."""
        if self._ready is None:
            self._begin()
        assert self._ready is not None
        await asyncio.shield(self._ready)
        viewer = Viewer(self._place if after is None or not 0 <= after <= self._place else after)
        viewer.news.set()
        self._viewers.add(viewer)
        self._wanted.set()
        return viewer

    def leave(self, viewer: Viewer) -> None:
        self._viewers.discard(viewer)
        if not self._viewers:
            self._wanted.clear()

    @property
    def viewers(self) -> int:
        return len(self._viewers)

    @property
    def place(self) -> int:
        """That of the newest event."""
        return self._place

    async def events(self, viewer: Viewer) -> list[str]:
        """What the viewer does not have yet, each as JSON; they have it then. Some of it, where it is a lot."""
        if viewer.place >= self._floor:
            found = [(seq, text) for seq, text in self._recent if seq > viewer.place][:PAGE]
        else:
            found = await asyncio.to_thread(self._earlier, viewer.place)
        if found:
            viewer.place = found[-1][0]
        return [text for _, text in found]

    @property
    def is_over(self) -> bool:
        return self._is_over.is_set()

    def close(self) -> None:
        self._is_over.set()
        self._wanted.set()

    def _earlier(self, place: int) -> list[tuple[int, str]]:
        journal = Journal(self._contexts.fresh(), place=place)
        found = []
        for entry in journal.new():
            found.append((entry.event.seq, written(entry)))
            if len(found) == PAGE:
                break
        return found

    def _begin(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._ready = self._loop.create_future()
        for name, run in (("feed", self._read_journal), ("feed-live", self._hear_sessions)):
            thread = threading.Thread(target=run, name=name, daemon=True)
            self._threads.append(thread)
            thread.start()

    def _read_journal(self) -> None:
        journal: Journal | None = None
        version = -1
        while not self._is_over.is_set():
            try:
                if journal is None:
                    journal = Journal(self._contexts.fresh())
                    journal.latest(1)
                    self._on_loop(lambda place=journal.place: self._found(place))  # type: ignore[misc]
                now = journal.context.store.data_version()
                if now != version:
                    version = now
                    self._spread(journal)
            except ScopecraftError as error:
                _log.warning("the journal cannot be read: %s", error)
                self._is_over.wait(RETRY_SECONDS)
            if self._wanted.wait(RETRY_SECONDS):
                self._is_over.wait(LOOK_SECONDS)

    def _spread(self, journal: Journal) -> None:
        new = [(entry.event.seq, written(entry)) for entry in journal.new()]
        if new:
            self._on_loop(lambda: self._take(new))

    def _found(self, place: int) -> None:
        self._floor = self._place = place
        if self._ready is not None and not self._ready.done():
            self._ready.set_result(None)

    def _take(self, new: list[tuple[int, str]]) -> None:
        for each in new:
            if len(self._recent) == KEPT_EVENTS:
                self._floor = self._recent[0][0]
            self._recent.append(each)
        self._place = new[-1][0]
        for viewer in self._viewers:
            viewer.news.set()

    def _hear_sessions(self) -> None:
        while not self._is_over.is_set():
            self._wanted.wait()
            if self._is_over.is_set():
                return
            try:
                client.ask(self._contexts.home, "follow", heard=self._heard)
            except (_NobodyLooksOn, SupervisorFailed):
                self._is_over.wait(RETRY_SECONDS)
            except ScopecraftError as error:
                _log.warning("what sessions say is not heard: %s", error)
                self._is_over.wait(RETRY_SECONDS)

    def _heard(self, kind: str, data: Any) -> None:
        if not self._wanted.is_set() or self._is_over.is_set():
            raise _NobodyLooksOn
        if kind == "activities":
            said = {each["session_id"]: _said(each) for each in data}
            self._on_loop(lambda: self._say(said))

    def _say(self, said: dict[str, str]) -> None:
        for viewer in self._viewers:
            viewer.said.update(said)
            viewer.news.set()

    def _on_loop(self, call: Callable[[], None]) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(call)


class _NobodyLooksOn(Exception):
    """Ends the listening to sessions."""
