"""`sc top` as a test uses it: on a screen of so many cells, with keys pressed and what it shows read as text."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from textual.pilot import Pilot

from scopecraft.config.paths import Home
from scopecraft.tui.app import Top

SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Seat:
    """A person before the dashboard."""

    top: Top
    pilot: Pilot[None]

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)

    async def type(self, text: str) -> None:
        await self.pilot.press(*("space" if letter == " " else letter for letter in text))

    def text(self) -> str:
        """All that stands on the screen."""
        width, height = self.top.size
        lines = [[" "] * width for _ in range(height)]
        for y, strip in enumerate(self.top.screen._compositor.render_strips()):
            lines[y] = list(strip.text)
        return "\n".join("".join(line).rstrip() for line in lines)

    async def until(self, condition: Callable[[], object], what: str = "") -> None:
        """AssertionError, with what the screen shows, when that does not come."""
        deadline = time.monotonic() + SECONDS
        while not condition():
            assert time.monotonic() < deadline, f"not within {SECONDS} s: {what}; the screen shows:\n{self.text()}"
            await self.pilot.pause(0.02)

    async def sees(self, *words: str) -> str:
        await self.until(lambda: all(word in self.text() for word in words), f"{words} to be seen")
        return self.text()


@asynccontextmanager
async def _seated(size: tuple[int, int]) -> AsyncIterator[Seat]:
    top = Top(Home(Path(os.environ["SCOPECRAFT_HOME"]).resolve()), dict(os.environ))
    async with top.run_test(size=size, notifications=True) as pilot:
        seat = Seat(top, pilot)
        await seat.until(lambda: top.overview is not None, "the first look")
        yield seat


def seated(visit: Callable[[Seat], Awaitable[None]], *, columns: int = 120, rows: int = 35) -> None:
    """Open the dashboard for a visit."""

    async def sit() -> None:
        async with _seated((columns, rows)) as seat:
            await visit(seat)

    asyncio.run(sit())
