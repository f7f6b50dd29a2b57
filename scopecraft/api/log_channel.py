"""What viewers of one log share: the messages of the last while, ready to be sent."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from scopecraft.model import clock
from scopecraft.sessions.log_pages import LogFile
from scopecraft.sessions.log_rows import Row, rewritten
from scopecraft.streams.follow import Replaced

KEPT_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Batch:
    """What the stream says between two places, as the message that tells it."""

    begin: int
    end: int
    message: bytes


def log_message(session_id: str, rows: Sequence[Row], begin: int, end: int, **more: Any) -> bytes:
    return orjson.dumps({"log": {"session": session_id, "rows": rows, "begin": begin, "offset": end, **more}})


def gone_message(session_id: str) -> bytes:
    return orjson.dumps({"gone": {"session": session_id}})


class Channel:
    """Everything before `place` was told. All of it lives on the event loop; `call` brings a call there."""

    def __init__(self, session_id: str, loop: asyncio.AbstractEventLoop) -> None:
        self.session_id = session_id
        self.viewers = 0
        self.log: LogFile | None = None  # None once it has begun: there is no such session
        self.begun: asyncio.Future[None] = loop.create_future()
        self.place = 0
        self.is_over = False
        self.times_rewritten = 0
        self.rewritten = Batch(0, 0, b"")  # how that was told the last time
        self._batches: deque[Batch] = deque()
        self._kept_bytes = 0
        self._loop = loop
        self._news: asyncio.Future[None] = loop.create_future()

    def call(self, act: Callable[..., None], *given: object) -> None:
        """From any thread. A loop that is closed hears nothing any more."""
        try:
            self._loop.call_soon_threadsafe(act, *given)
        except RuntimeError:
            return

    def begin(self, log: LogFile | None, place: int) -> None:
        self.log, self.place = log, place
        self.is_over = log is not None and log.is_over
        if not self.begun.done():
            self.begun.set_result(None)

    def take(self, batch: Batch) -> None:
        self._batches.append(batch)
        self._kept_bytes += len(batch.message)
        while self._kept_bytes > KEPT_BYTES and len(self._batches) > 1:
            self._kept_bytes -= len(self._batches.popleft().message)
        self.place = batch.end
        self._tell()

    def take_rewriting(self, marker: Replaced, place: int) -> None:
        """What was kept is of a past that is not there any more."""
        self._batches.clear()
        self._kept_bytes = 0
        self.times_rewritten += 1
        self.rewritten = self.told_rewritten(marker, place)
        self.place = place
        self._tell()

    def end(self) -> None:
        self.is_over = True
        self._tell()

    def batch_at(self, place: int) -> Batch | None:
        """The one that begins there."""
        if not self._batches or not self._batches[0].begin <= place < self.place:
            return None
        return next((batch for batch in self._batches if batch.begin == place), None)

    def next_begin(self, place: int) -> int:
        """Where the first kept message after the place begins."""
        return next((batch.begin for batch in self._batches if batch.begin > place), self.place)

    def told_rewritten(self, marker: Replaced, place: int) -> Batch:
        row = rewritten(marker, place, clock.to_text(clock.now()))
        return Batch(place, place, log_message(self.session_id, [row], place, place, rewritten=True))

    async def heard(self) -> None:
        """Until there is something new."""
        await asyncio.shield(self._news)

    def _tell(self) -> None:
        news, self._news = self._news, self._loop.create_future()
        news.set_result(None)
