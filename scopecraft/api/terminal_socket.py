"""`/ws/terminal/{session}`: the window of a session, in a browser. See docs/reference/terminal-socket.md."""

from __future__ import annotations

import contextlib
from typing import cast

from fastapi import APIRouter, WebSocket
from starlette.concurrency import run_in_threadpool
from starlette.websockets import WebSocketDisconnect

from scopecraft.api.house import context_of
from scopecraft.api.terminal_line import Line, end_dict, send
from scopecraft.api.terminal_seats import Seats, client_name
from scopecraft.errors import ScopecraftError
from scopecraft.sessions.terminals import End, Window, window_of

router = APIRouter()
REFUSED = 1008


@router.websocket("/ws/terminal/{session}")
async def terminal(socket: WebSocket, session: str) -> None:
    await socket.accept()
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):  # whoever has gone needs no answer
        try:
            await _serve(socket, session)
            await socket.close()
        except ScopecraftError as error:
            await send(socket, error={"message": error.message, "hint": error.hint})
            await socket.close(REFUSED)


async def _serve(socket: WebSocket, session_id: str) -> None:
    found: Window | End = await run_in_threadpool(lambda: window_of(context_of(socket), session_id))
    if isinstance(found, End):
        await send(socket, ended=end_dict(found))
        return
    seats = seats_of(socket)
    seat = seats.sit(session_id, client_name(socket.headers.get("user-agent", "")))
    try:
        await Line(socket, seats, seat, found).serve()
    finally:
        seats.leave(seat)


def seats_of(socket: WebSocket) -> Seats:
    """Those of the whole app, made when the first one sits down."""
    state = socket.app.state
    if not hasattr(state, "terminal_seats"):
        state.terminal_seats = Seats()
    return cast(Seats, state.terminal_seats)
