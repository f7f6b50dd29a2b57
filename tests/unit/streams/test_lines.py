"""Cutting bytes into lines: nothing lost, nothing joined, whatever arrives and however."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scopecraft.streams.lines import KEPT_BYTES, Line, LineSplitter

# no deadline: other processes may hold this one up for longer than any line takes
FAST = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def split(chunks: list[bytes], line_bytes: int = 16 * 1024 * 1024) -> tuple[list[Line], Line | None]:
    splitter = LineSplitter(line_bytes=line_bytes)
    lines = [line for chunk in chunks for line in splitter.feed(chunk)]
    return lines, splitter.rest


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[a:b] for a, b in pairwise(edges)]


newline_rich = st.lists(st.sampled_from([b"\n", b"\r\n", b"a", b"\xe4\xb8", "二".encode(), b"\x00", b"x" * 30])).map(
    b"".join
)


@FAST
@given(st.binary() | newline_rich, st.lists(st.integers(0)))
def test_any_chunks_of_the_same_bytes_give_the_same_lines(data: bytes, places: list[int]) -> None:
    whole = split([data], line_bytes=20)
    assert split(cut(data, places), line_bytes=20) == whole


@FAST
@given(st.binary() | newline_rich, st.lists(st.integers(0)))
def test_lines_put_together_again_are_the_bytes_that_came(data: bytes, places: list[int]) -> None:
    lines, rest = split(cut(data, places))
    assert b"".join(line.raw + b"\n" for line in lines) + (rest.raw if rest else b"") == data
    assert [data[line.offset : line.end - 1] for line in lines] == [line.raw for line in lines]
    assert [line.number for line in lines] == list(range(1, len(lines) + 1))


def test_only_a_newline_ends_a_line() -> None:
    data = "a\r\nb\x0bc\x85d\u2028e\u2029f\n".encode()
    assert [line.raw.decode() for line in split([data])[0]] == ["a\r", "b\x0bc\x85d\u2028e\u2029f"]


def test_half_a_line_is_held_back_until_the_rest_of_it_comes() -> None:
    splitter = LineSplitter()
    assert splitter.feed(b'{"a":') == []
    assert splitter.rest == Line(1, 0, 5, b'{"a":', partial=True)
    assert splitter.feed(b"1}\n") == [Line(1, 0, 8, b'{"a":1}')]
    assert splitter.rest is None


def test_a_line_of_5_mb_is_an_ordinary_line() -> None:
    long = b"x" * 5_000_000
    assert split([long[:1000], long[1000:], b"\n"])[0] == [Line(1, 0, 5_000_001, long)]


def test_a_line_of_just_the_longest_length_is_read_however_it_comes() -> None:
    whole = [Line(1, 0, 21, b"z" * 20)]
    assert split([b"z" * 20 + b"\n"], line_bytes=20)[0] == whole
    assert split([b"z" * 10, b"z" * 10, b"\n"], line_bytes=20)[0] == whole


def test_a_line_that_is_too_long_is_named_and_the_next_one_is_read() -> None:
    splitter = LineSplitter(line_bytes=10_000)
    lines = [line for _ in range(100) for line in splitter.feed(b"y" * 1000)]
    lines += splitter.feed(b"\nnext\n")
    assert lines == [Line(1, 0, 100_001, b"y" * KEPT_BYTES, oversized=True), Line(2, 100_001, 100_006, b"next")]


def test_a_line_that_is_too_long_is_not_held() -> None:
    splitter = LineSplitter(line_bytes=10_000)
    for _ in range(100):
        splitter.feed(b"y" * 1000)
    assert splitter.rest == Line(1, 0, 100_000, b"y" * KEPT_BYTES, oversized=True, partial=True)


def test_reading_goes_on_in_the_middle_of_a_stream() -> None:
    assert LineSplitter(offset=700, number=8).feed(b"eight\nnine\n") == [
        Line(8, 700, 706, b"eight"),
        Line(9, 706, 711, b"nine"),
    ]
