"""Lines of a stream read from a place back are those that reading forwards gives."""

from __future__ import annotations

import os
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scopecraft.streams.backwards import lines_before, next_beginning
from scopecraft.streams.lines import Line, LineSplitter

PIECES = st.lists(st.sampled_from([b"", b"a", b"bc", b"long line " * 3, b"\r", b"\x00"]), max_size=9)


def forwards(data: bytes, line_bytes: int) -> list[Line]:
    splitter = LineSplitter(line_bytes=line_bytes)
    lines = splitter.feed(data)
    rest = [splitter.rest] if splitter.rest else []
    return [line._replace(number=0, partial=line.partial and not line.oversized) for line in [*lines, *rest]]


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    pieces=PIECES,
    is_closed=st.booleans(),
    place=st.integers(0, 120),
    chunk_bytes=st.integers(1, 40),
    line_bytes=st.integers(1, 40),
)
def test_lines_before_a_place_are_those_that_begin_before_it(
    tmp_path: Path, pieces: list[bytes], is_closed: bool, place: int, chunk_bytes: int, line_bytes: int
) -> None:
    data = b"\n".join(pieces) + (b"\n" if is_closed else b"")
    place = min(place, len(data))
    file = tmp_path / "stream"
    file.write_bytes(data)
    descriptor = os.open(file, os.O_RDONLY)
    try:
        found = list(lines_before(descriptor, place, len(data), chunk_bytes=chunk_bytes, line_bytes=line_bytes))
        stops = [item for item in found if not isinstance(item, Line)]
        again = [
            next(iter(lines_before(descriptor, stop, len(data), chunk_bytes=10**6, line_bytes=line_bytes)))
            for stop in stops
        ]
        beginning = next_beginning(descriptor, place, 1000)
    finally:
        os.close(descriptor)
    whole = forwards(data, line_bytes)
    lines = [item for item in found if isinstance(item, Line)][::-1]
    expected = [line for line in whole if line.offset < place]
    assert [line.offset for line in lines] == [line.offset for line in expected]
    assert [line.raw for line in lines if not line.oversized] == [line.raw for line in expected if not line.oversized]
    assert [line[4:] for line in lines] == [line[4:] for line in expected]
    # who stopped in the middle of a long line comes to the same line again
    assert all(isinstance(line, Line) and line.oversized for line in again)
    assert beginning == next((line.offset for line in whole if line.offset >= place), len(data))
