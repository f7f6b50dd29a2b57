"""How the engine sends two outputs over one connection: frames of 8 bytes of header and what was written. No I/O."""

from __future__ import annotations

from typing import Literal

Output = Literal["out", "err"]

HEADER_BYTES = 8
_ERR = 2


class Frames:
    """Turns bytes, however they were cut, into pieces of output; a piece is passed on before its frame is whole."""

    def __init__(self) -> None:
        self._header = bytearray()
        self._left = 0

    def feed(self, data: bytes) -> list[tuple[Output, bytes]]:
        pieces: list[tuple[Output, bytes]] = []
        rest = memoryview(data)
        while rest:
            if self._left:
                piece, rest = rest[: self._left], rest[self._left :]
                self._left -= len(piece)
                pieces.append(("err" if self._header[0] == _ERR else "out", bytes(piece)))
                if not self._left:
                    self._header.clear()
                continue
            missing = HEADER_BYTES - len(self._header)
            self._header += rest[:missing]
            rest = rest[missing:]
            if len(self._header) == HEADER_BYTES:
                self._left = int.from_bytes(self._header[4:], "big")
                if not self._left:
                    self._header.clear()
        return pieces


class Whole:
    """A terminal has one output only, and sends it as it is."""

    def feed(self, data: bytes) -> list[tuple[Output, bytes]]:
        return [("out", data)] if data else []
