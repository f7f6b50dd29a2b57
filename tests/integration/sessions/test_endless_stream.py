"""A stream that an agent made endless, at no cost, holds up no command: so much is read as it may print."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from scopecraft.streams.lines import CHUNK_BYTES, read_lines
from scopecraft.streams.tail import last_lines
from tests.support.played import COMMIT, STARTED, Shop, check_invariants

ENDLESS = 8 * 1024**4  # bytes, none of which takes room on the disk


@pytest.mark.engine
@pytest.mark.image
def test_no_command_reads_on_and_on_in_a_stream_without_end(shop: Shop) -> None:
    shop.home.settings_file.write_text('[container]\noutput_limit = "1m"\n')
    shop.run("fix-login", f"{COMMIT}; {STARTED}; echo said; truncate -s {ENDLESS} /session/stream.jsonl")
    session_id = shop.wait_started("fix-login").id
    shop.wait_over(session_id)
    began = time.monotonic()
    shop.outcome("fix-login")
    for command in (["show", session_id], ["logs", session_id, "-n", "3"], ["logs", session_id, "--follow"]):
        said = shop.sc(*command)
        assert said.code == 0, said.err
    raw = shop.sc("logs", session_id, "--raw")
    assert raw.out.startswith("said\n") and len(raw.out) < 100_000_000
    assert "not read" in raw.err
    assert time.monotonic() - began < 60
    assert "stream_too_long" in shop.alerts(session_id)
    assert shop.commits("feature/fix-login") == [session_id]
    check_invariants(shop)


def test_lines_beyond_the_end_are_not_read(tmp_path: Path) -> None:
    file = tmp_path / "stream.jsonl"
    file.write_bytes(b"one\ntwo\n" + b"x" * CHUNK_BYTES + b"\n" + b"late\n" * CHUNK_BYTES)
    lines = list(read_lines(file, end=8))
    assert [line.raw for line in lines[:2]] == [b"one", b"two"]
    assert lines[-1].end <= CHUNK_BYTES
    assert last_lines(file, 1, end=8) == (4, 2)
