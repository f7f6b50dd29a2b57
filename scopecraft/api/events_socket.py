"""`/ws/events`: everything that happens, in its order, and the logs that a tab follows. One connection a tab."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import orjson
from fastapi import APIRouter, WebSocket
from starlette.websockets import WebSocketDisconnect

import scopecraft
from scopecraft.api.feed import Viewer
from scopecraft.api.house import House, house_of

router = APIRouter()
MOST_FOLLOWED = 8


@router.websocket("/ws/events")
async def events(socket: WebSocket, after: int | None = None) -> None:
    await socket.accept()
    tab = _Tab(socket, house_of(socket))
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):
        await tab.serve(after)


class _Tab:
    def __init__(self, socket: WebSocket, house: House) -> None:
        self._socket = socket
        self._house = house
        self._sending = asyncio.Lock()
        self._followed: dict[str, asyncio.Future[None]] = {}

    async def serve(self, after: int | None) -> None:
        feed = self._house.feed
        viewer = await feed.join(after)
        telling = asyncio.create_task(self._tell(viewer))
        hearing = asyncio.create_task(self._hear())
        try:
            await asyncio.wait({telling, hearing}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            feed.leave(viewer)
            tasks = [telling, hearing, *self._followed.values()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def send(self, text: str) -> None:
        """Raises TimeoutError for a client that does not read: it is dropped, and comes back to where it was."""
        async with self._sending, asyncio.timeout(self._house.bounds.send_seconds):
            await self._socket.send_text(text)

    async def _tell(self, viewer: Viewer) -> None:
        feed = self._house.feed
        hello = {"seq": viewer.place, "version": scopecraft.__version__}
        await self.send(orjson.dumps({"hello": hello}).decode())
        while True:
            await viewer.news.wait()
            viewer.news.clear()
            while found := await feed.events(viewer):
                await self.send(f'{{"events":[{",".join(found)}]}}')
            if viewer.said:
                said, viewer.said = viewer.said, {}
                await self.send(f'{{"activities":[{",".join(said.values())}]}}')

    async def _hear(self) -> None:
        while True:
            message = _message(await self._socket.receive_text())
            follow, unfollow = message.get("follow"), message.get("unfollow")
            if isinstance(follow, dict):
                self._follow(str(follow.get("session", "")), follow.get("offset"))
            if isinstance(unfollow, dict):
                self._unfollow(str(unfollow.get("session", "")))

    def _follow(self, session_id: str, offset: Any) -> None:
        self._unfollow(session_id)
        if len(self._followed) >= MOST_FOLLOWED:
            self._unfollow(next(iter(self._followed)))
        start = offset if isinstance(offset, int) and offset >= 0 else 0
        following = self._house.logs.follow(session_id, start, self._send_bytes)
        self._followed[session_id] = asyncio.ensure_future(following)

    def _unfollow(self, session_id: str) -> None:
        task = self._followed.pop(session_id, None)
        if task is not None:
            task.cancel()

    async def _send_bytes(self, message: bytes) -> None:
        await self.send(message.decode())


def _message(text: str) -> dict[str, Any]:
    """What a client says; nothing where it says nothing that is known here."""
    try:
        message = orjson.loads(text)
    except orjson.JSONDecodeError:
        return {}
    return message if isinstance(message, dict) else {}
