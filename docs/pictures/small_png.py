"""A browser's PNG with a palette: a page has few colours, and the rest are edges of letters."""

from __future__ import annotations

import struct
import zlib
from collections import Counter
from collections.abc import Iterator

COLOURS = 256
PIXEL = 3  # bytes: a screenshot is RGB without transparency
SIGNATURE = b"\x89PNG\r\n\x1a\n"
Colour = tuple[int, ...]


def smaller(png: bytes) -> bytes:
    """The same picture; what is not among its 256 most frequent colours becomes the nearest of them."""
    chunks = list(_chunks(png))
    width, height, depth, kind = struct.unpack(">IIBB", chunks[0][1][:10])
    assert (depth, kind) == (8, 2), "not a screenshot"
    rows = list(_rows(zlib.decompress(b"".join(data for name, data in chunks if name == b"IDAT")), width))
    pixels = [[row[at : at + PIXEL] for at in range(0, len(row), PIXEL)] for row in rows]
    counted = Counter(pixel for row in pixels for pixel in row)
    palette = [colour for colour, _ in counted.most_common(COLOURS)]
    number = {colour: _nearest(colour, palette) for colour in counted}
    lines = b"".join(b"\0" + bytes(number[pixel] for pixel in row) for row in pixels)
    parts = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
        (b"PLTE", b"".join(palette)),
        (b"IDAT", zlib.compress(lines, 9)),
        (b"IEND", b""),
    )
    return SIGNATURE + b"".join(_chunk(name, data) for name, data in parts)


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(SIGNATURE)
    while at < len(png):
        length, name = struct.unpack(">I4s", png[at : at + 8])
        yield name, png[at + 8 : at + 8 + length]
        at += 12 + length


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _rows(raw: bytes, width: int) -> Iterator[bytes]:
    """Lines of pixels: each byte of a PNG is told by its difference from those left of it and above."""
    stride = width * PIXEL + 1
    above = bytearray(stride - 1)
    for start in range(0, len(raw), stride):
        way, row = raw[start], bytearray(raw[start + 1 : start + stride])
        if way == 2:  # the most frequent
            row = bytearray((one + up) & 255 for one, up in zip(row, above, strict=True))
        for at in range(len(row) if way not in (0, 2) else 0):
            left, corner = (row[at - PIXEL], above[at - PIXEL]) if at >= PIXEL else (0, 0)
            row[at] = (row[at] + _guess(way, left, above[at], corner)) & 255
        yield bytes(row)
        above = row


def _guess(way: int, left: int, up: int, corner: int) -> int:
    if way < 4:
        return left if way == 1 else (left + up) >> 1
    guess = left + up - corner
    return min((left, up, corner), key=lambda each: abs(guess - each))


def _nearest(colour: bytes, palette: list[bytes]) -> int:
    return min(
        range(len(palette)),
        key=lambda at: sum((one - other) ** 2 for one, other in zip(colour, palette[at], strict=True)),
    )
