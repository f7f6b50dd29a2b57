"""How far a terminal in a browser may lag behind: what it was sent and does not show yet is counted, never dropped.

And how far its keys may go ahead: tmux drops a character whose rest is not there within 10 ms.
"""

from __future__ import annotations

import asyncio

HIGH_BYTES = 256 * 1024  # from here on nothing more is read from the terminal
LOW_BYTES = 64 * 1024  # until so little is outstanding that the browser would soon have nothing to do


class Flow:
    """Of one connection, on its event loop."""

    def __init__(self) -> None:
        self._outstanding = 0
        self._is_open = asyncio.Event()
        self._is_open.set()

    def sent(self, count: int) -> None:
        self._outstanding += count
        if self._outstanding >= HIGH_BYTES:
            self._is_open.clear()

    def shown(self, count: int) -> None:
        """As the browser says; one that counts more than it got is at most up to date."""
        self._outstanding = max(0, self._outstanding - count)
        if self._outstanding <= LOW_BYTES:
            self._is_open.set()

    async def room(self) -> None:
        """Until more may be sent."""
        await self._is_open.wait()


def whole_characters(typed: bytes | bytearray) -> int:
    """The length of it without a last character that is not there in full yet."""
    for back in range(1, min(3, len(typed)) + 1):
        byte = typed[-back]
        if byte & 0xC0 != 0x80:  # the first of a character, or one by itself
            wanted = 4 if byte >= 0xF0 else 3 if byte >= 0xE0 else 2 if byte >= 0xC0 else 1
            return len(typed) - back if wanted > back else len(typed)
    return len(typed)
