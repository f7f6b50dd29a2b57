"""The board of missions that this server keeps, so that not every page reads all of them again."""

from __future__ import annotations

from starlette.requests import Request

from scopecraft.api.house import house_of
from scopecraft.sessions.missions_board import Board


def board_of(request: Request) -> Board:
    state = request.app.state
    if not hasattr(state, "missions_board"):
        state.missions_board = Board(house_of(request).missions)
    board: Board = state.missions_board
    return board
