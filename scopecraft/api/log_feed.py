"""Logs that grow, for any number of viewers: rows are made once, and the same bytes go to everybody.

A viewer is a place in the stream, and gets what comes after it. What was written lately is kept for all; who is further
behind reads from the file at their own pace. So nobody waits for anybody, nothing is missing after a lost connection,
nothing comes twice, and memory does not grow with viewers or with their slowness.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from scopecraft.api.log_channel import Channel, gone_message, log_message
from scopecraft.api.log_reader import LogReader
from scopecraft.sessions.log_pages import LogFile, Wanted, page_after, size_of
from scopecraft.streams.follow import Replaced

if TYPE_CHECKING:
    from scopecraft.supervisor.contexts import Contexts

PAGE_ROWS = 300

Send = Callable[[bytes], Awaitable[None]]


class LogFeed:
    """For viewers on one event loop; one thread reads while anybody looks on."""

    def __init__(self, contexts: Contexts) -> None:
        self._reader = LogReader(contexts)
        self._channels: dict[str, Channel] = {}

    async def follow(self, session_id: str, offset: int, send: Send) -> None:
        """Send what the log says from `offset` on, until the session has ended and all is sent, or this is cancelled.

        A session that is not there is said to be gone. Whatever `send` raises ends it.
        """
        with self._joined(session_id) as channel:
            await channel.begun
            if channel.log is None:
                await send(gone_message(session_id))
                return
            place, times_rewritten = offset, channel.times_rewritten
            if place > channel.place and place > await asyncio.to_thread(size_of, channel.log):
                told = channel.told_rewritten(Replaced("truncated", place), channel.place)
                await send(told.message)
                place = told.end
            while True:
                if times_rewritten != channel.times_rewritten:
                    times_rewritten, place = channel.times_rewritten, channel.rewritten.end
                    await send(channel.rewritten.message)
                elif (batch := channel.batch_at(place)) is not None:
                    place = batch.end
                    await send(batch.message)
                elif place < channel.place:
                    place = await self._send_earlier(channel, channel.log, place, send)
                elif channel.is_over:
                    await send(log_message(session_id, [], place, place, ended=True))
                    return
                else:
                    await channel.heard()

    def close(self) -> None:
        self._reader.close()

    async def _send_earlier(self, channel: Channel, log: LogFile, place: int, send: Send) -> int:
        """Some of what stands in the file between the place and what is kept; the place after it."""
        until = channel.next_begin(place)
        page = await asyncio.to_thread(page_after, log, place, Wanted(limit=PAGE_ROWS), until=until)
        reached = page.size if page.after is None else page.after
        if reached <= place:  # what stands there is no line yet, or not any more
            reached = until
        if page.rows:
            await send(log_message(channel.session_id, page.rows, place, reached))
        return reached

    @contextmanager
    def _joined(self, session_id: str) -> Iterator[Channel]:
        channel = self._channels.get(session_id)
        if channel is None:
            channel = self._channels[session_id] = Channel(session_id, asyncio.get_running_loop())
            self._reader.add(channel)
        channel.viewers += 1
        try:
            yield channel
        finally:
            channel.viewers -= 1
            if not channel.viewers:
                del self._channels[session_id]
                self._reader.remove(channel)
