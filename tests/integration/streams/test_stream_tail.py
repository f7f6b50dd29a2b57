"""Where the last lines of a stream begin."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scopecraft.streams.lines import CHUNK_BYTES
from scopecraft.streams.tail import last_lines


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tail") / "stream.jsonl"


@given(st.binary(max_size=60).map(lambda data: data.replace(b"x", b"\n")), st.integers(0, 8))
def test_the_last_lines_are_those_of_tail(file: Path, data: bytes, count: int) -> None:
    file.write_bytes(data)
    offset, number = last_lines(file, count)
    lines = split(data)
    assert data[offset:] == b"".join(lines[max(0, len(lines) - count) :])
    assert number == 1 + data[:offset].count(b"\n")


def split(data: bytes) -> list[bytes]:
    """Lines with their newlines; only `\\n` ends one."""
    return [line + b"\n" for line in data.split(b"\n")[:-1]] + [part for part in [data.split(b"\n")[-1]] if part]


def test_lines_longer_than_a_chunk_are_found(file: Path) -> None:
    long = b"x" * (CHUNK_BYTES * 2 + 7) + b"\n"
    file.write_bytes(b"first\n" + long + long)
    assert last_lines(file, 1) == (6 + len(long), 3)
    assert last_lines(file, 2) == (6, 2)
    assert last_lines(file, 9) == (0, 1)


def test_a_file_that_is_not_there_begins_at_its_beginning(tmp_path: Path) -> None:
    assert last_lines(tmp_path / "none", 5) == (0, 1)
