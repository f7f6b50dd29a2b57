"""One browser's connection to a window: what is shown goes out, what is typed goes in, if it is the one that writes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import orjson
from fastapi import WebSocket
from starlette.concurrency import run_in_threadpool

from scopecraft.api.house import context_of
from scopecraft.api.terminal_flow import Flow, whole_characters
from scopecraft.api.terminal_messages import Message, message_of
from scopecraft.api.terminal_seats import Seat, Seats
from scopecraft.errors import Refused, TmuxFailed
from scopecraft.model import clock
from scopecraft.sessions.context import Context
from scopecraft.sessions.terminals import End, PtyClient, Size, Window, usable

PART_BYTES = 64 * 1024
MOST_TYPED_BYTES = 4 * 1024**2
# Every viewer begins on a clean screen: what was cut off in the middle of a character or a command is forgotten.
RESET = b"\x1bc"
T = TypeVar("T")


async def send(socket: WebSocket, **message: Any) -> None:
    await socket.send_text(orjson.dumps(message).decode())


def end_dict(end: End) -> dict[str, Any]:
    return {"lives": end.lives, "sentence": end.sentence, "screen": end.screen}


class Line:
    """From the first byte until one of the two sides is gone."""

    def __init__(self, socket: WebSocket, seats: Seats, seat: Seat, window: Window) -> None:
        self._socket, self._seats, self._seat, self._window = socket, seats, seat, window
        self._flow = Flow()
        self._fit = Size(80, 24)  # what the browser has room for
        self._viewer: PtyClient | None = None
        self._takes_keys = False  # the viewer at hand writes, and tmux has its terminal in hand
        self._typed = bytearray()  # and not yet taken
        seat.follow = self._follow

    async def serve(self) -> None:
        """Raises what opening the window raises, BadInput, and Refused for more typed bytes than anybody takes."""
        tasks = {asyncio.create_task(each) for each in (self._hear(), self._tell(), self._show())}
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _in_thread(self, work: Callable[[Context], T]) -> T:
        return await run_in_threadpool(lambda: work(context_of(self._socket)))

    async def _tell(self) -> None:
        while True:
            await self._seat.news.wait()
            self._seat.news.clear()
            await send(self._socket, control=self._seats.told(self._seat))

    async def _show(self) -> None:
        """One viewer after the other: who begins or ceases to write gets a new one. Until the window shows no more."""
        try:
            while await self._show_one():
                pass
        except TmuxFailed:
            end = await self._in_thread(self._window.end)
            if end.lives:  # then it is tmux that is in trouble
                raise
        else:
            end = await self._in_thread(self._window.end)
        await send(self._socket, ended=end_dict(end))

    async def _show_one(self) -> bool:
        """Whether another one is to follow."""
        self._seat.turned.clear()
        writes = self._seats.is_writer(self._seat)
        viewer = self._viewer = await self._opened(writes=writes)
        carrying = asyncio.create_task(self._carry(viewer, writes=writes))
        turning = asyncio.create_task(self._seat.turned.wait())
        try:
            await asyncio.wait({carrying, turning}, return_when=asyncio.FIRST_COMPLETED)
            if carrying.done():
                carrying.result()
            return not carrying.done()
        finally:
            await _to_its_end(self._put_away(viewer, carrying, turning, writes=writes))

    async def _opened(self, *, writes: bool) -> PtyClient:
        fit = self._fit
        opening = asyncio.create_task(run_in_threadpool(lambda: self._window.open(fit, writes=writes)))
        try:
            return await asyncio.shield(opening)
        except asyncio.CancelledError:  # it is started all the same
            await run_in_threadpool((await opening).close)
            raise

    async def _put_away(self, viewer: PtyClient, *tasks: asyncio.Task[Any], writes: bool) -> None:
        """Nothing of the viewer stays behind."""
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        asyncio.get_running_loop().remove_writer(viewer.fileno())
        self._viewer, self._takes_keys = None, False
        if not self._seats.is_writer(self._seat):  # whoever begins to write may have typed already
            self._typed.clear()

        def close() -> None:
            viewer.close()
            if writes:
                self._window.let_go()

        await run_in_threadpool(close)

    async def _carry(self, viewer: PtyClient, *, writes: bool) -> None:
        await self._pass(RESET)
        while (part := _gathered(viewer)) != b"":
            if part is None:
                await _readable(viewer)
                continue
            await self._pass(part)
            if writes and not self._takes_keys:
                self._takes_keys = True
                await self._resize()  # the browser may have changed its size meanwhile
                self._type()

    async def _pass(self, part: bytes) -> None:
        await self._flow.room()
        self._flow.sent(len(part))
        await self._socket.send_bytes(part)

    async def _hear(self) -> None:
        while True:
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            if message.get("bytes") is not None:
                self._take_keys(message["bytes"])
            else:
                await self._heed(message_of(message["text"]))

    async def _heed(self, message: Message) -> None:
        if message.ack:
            self._flow.shown(message.ack)
        if message.size:
            self._fit = usable(message.size.cols, message.size.rows)
            await self._resize()
        if message.control == "give":
            self._seats.give(self._seat)
        elif message.control:
            at = clock.to_text(clock.now())
            self._seats.take(self._seat, at, over=message.control == "take-over")
        if message.history:
            count = message.history
            lines = await self._in_thread(lambda context: self._window.earlier(context, count))
            await send(self._socket, history=lines)

    async def _resize(self) -> None:
        """Whoever writes has the window follow; all others follow the window."""
        viewer = self._viewer
        if not self._seats.is_writer(self._seat):
            size = await run_in_threadpool(self._window.size)
            if size is not None and viewer is self._viewer:
                self._follow(size)
        elif self._takes_keys and viewer is not None:
            viewer.resize(self._fit)
            self._seats.resized(self._seat, self._fit)

    def _follow(self, size: Size) -> None:
        if self._viewer is not None and not self._seats.is_writer(self._seat):
            self._viewer.resize(size)

    def _take_keys(self, data: bytes) -> None:
        """Those of one who only looks on go nowhere."""
        if not self._seats.is_writer(self._seat):
            return
        self._typed += data
        if len(self._typed) > MOST_TYPED_BYTES:
            raise Refused("more was typed than the agent's window takes", "put long texts into a file of the worktree")
        self._type()

    def _type(self) -> None:
        """What is not taken now is taken when there is room; a character that is cut in two when its rest is there."""
        if self._viewer is None or not self._takes_keys:
            return
        loop, viewer = asyncio.get_running_loop(), self._viewer
        count = whole_characters(self._typed)
        taken = viewer.write(bytes(self._typed[: min(count, PART_BYTES)])) if count else 0
        del self._typed[:taken]
        loop.remove_writer(viewer.fileno())
        if taken < count:
            loop.add_writer(viewer.fileno(), self._type)


async def _to_its_end(work: Coroutine[Any, Any, None]) -> None:
    """However often it is told to stop meanwhile."""
    task = asyncio.create_task(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await task
        raise


def _gathered(viewer: PtyClient) -> bytes | None:
    """What has come, as much of it as one message should hold; None where nothing has, nothing at the end."""
    parts: list[bytes] = []
    count = 0
    while count < PART_BYTES:
        part = viewer.read()
        if not part:
            return b"".join(parts) or part
        parts.append(part)
        count += len(part)
    return b"".join(parts)


async def _readable(viewer: PtyClient) -> None:
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_reader(viewer.fileno(), ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(viewer.fileno())
