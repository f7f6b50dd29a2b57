"""Who looks at which terminal, and which one of them writes there. All on one event loop, nothing is waited for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from scopecraft.errors import Refused
from scopecraft.model.text import clean_line
from scopecraft.sessions.terminals import Size

MOST_SEATS = 32
NAME_CHARACTERS = 60
# The order matters: most browsers also call themselves by the names of others.
_BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
_SYSTEMS = ("Android", "iPhone", "iPad", "Windows", "Mac OS", "Linux")


def client_name(user_agent: str) -> str:
    """What a person calls a browser; a program by its own name."""
    browser = next((name for mark, name in _BROWSERS if mark in user_agent), None)
    system = next((name for name in _SYSTEMS if name in user_agent), None)
    if browser is None:
        return clean_line(user_agent.partition("/")[0], NAME_CHARACTERS) or "a program"
    return f"{browser} on {system}" if system else browser


@dataclass(eq=False, slots=True)
class Seat:
    """One who looks at a terminal."""

    session_id: str
    name: str
    news: asyncio.Event = field(default_factory=asyncio.Event)  # what `Seats.told` says has changed
    turned: asyncio.Event = field(default_factory=asyncio.Event)  # whoever sits here begins or ceases to write
    follow: Callable[[Size], None] = lambda _: None  # called with the window's new size when somebody else changes it


@dataclass(frozen=True, slots=True)
class _Writer:
    seat: Seat
    since: str


class Seats:
    def __init__(self) -> None:
        self._seats: list[Seat] = []
        self._writers: dict[str, _Writer] = {}

    def sit(self, session_id: str, name: str) -> Seat:
        """Raises Refused when every seat is taken."""
        if len(self._seats) >= MOST_SEATS:
            raise Refused(f"{MOST_SEATS} terminals are open already", "close a tab that shows one")
        seat = Seat(session_id, name)
        self._seats.append(seat)
        self._tell(session_id)
        return seat

    def leave(self, seat: Seat) -> None:
        """Whoever wrote there does so no more."""
        self._seats.remove(seat)
        self.give(seat)
        self._tell(seat.session_id)

    def take(self, seat: Seat, at: str, *, over: bool) -> None:
        """Write from now on. Where another one writes, only if it is to be taken over; else both stay as they are."""
        before = self._writers.get(seat.session_id)
        if before is not None and before.seat is not seat and over:
            before.seat.turned.set()
            before = None
        if before is None:
            self._writers[seat.session_id] = _Writer(seat, at)
            seat.turned.set()
        self._tell(seat.session_id)

    def give(self, seat: Seat) -> None:
        if self.is_writer(seat):
            del self._writers[seat.session_id]
            seat.turned.set()
            self._tell(seat.session_id)

    def resized(self, seat: Seat, size: Size) -> None:
        """By whoever writes there. All others are as large before they could be the only ones that tmux goes by."""
        for each in self._seats:
            if each.session_id == seat.session_id and each is not seat:
                each.follow(size)

    def is_writer(self, seat: Seat) -> bool:
        writer = self._writers.get(seat.session_id)
        return writer is not None and writer.seat is seat

    def told(self, seat: Seat) -> dict[str, Any]:
        """What to say there: who writes, and how many look at the terminal in all."""
        writer = self._writers.get(seat.session_id)
        return {
            "mine": writer is not None and writer.seat is seat,
            "by": writer.seat.name if writer else None,
            "since": writer.since if writer else None,
            "watchers": sum(each.session_id == seat.session_id for each in self._seats),
        }

    def _tell(self, session_id: str) -> None:
        for each in self._seats:
            if each.session_id == session_id:
                each.news.set()
