"""Two outputs over one connection, whatever the network made of the pieces."""

from __future__ import annotations

import pytest

from scopecraft.executors.exec_frames import Frames, Whole


def frame(kind: int, data: bytes) -> bytes:
    return bytes([kind, 0, 0, 0]) + len(data).to_bytes(4, "big") + data


SENT = frame(1, b"out one") + frame(2, b"err\x00\xff") + frame(1, b"") + frame(1, b"x" * 70_000) + frame(2, b"!")


@pytest.mark.parametrize("size", [1, 2, 7, 8, 9, 4096, len(SENT)])
def test_every_byte_comes_out_where_it_was_written_however_it_was_cut(size: int) -> None:
    frames = Frames()
    got = {"out": b"", "err": b""}
    for start in range(0, len(SENT), size):
        for output, data in frames.feed(SENT[start : start + size]):
            got[output] += data
    assert got == {"out": b"out one" + b"x" * 70_000, "err": b"err\x00\xff!"}


def test_the_order_of_the_two_outputs_is_kept() -> None:
    pieces = Frames().feed(frame(1, b"a") + frame(2, b"b") + frame(1, b"c"))
    assert pieces == [("out", b"a"), ("err", b"b"), ("out", b"c")]


def test_output_is_passed_on_before_its_frame_is_whole() -> None:
    frames = Frames()
    assert frames.feed(frame(1, b"abcdef")[:11]) == [("out", b"abc")]
    assert frames.feed(b"def") == [("out", b"def")]


def test_a_terminal_has_one_output() -> None:
    assert Whole().feed(b"\x01\x00\x00\x00") == [("out", b"\x01\x00\x00\x00")]
    assert Whole().feed(b"") == []
