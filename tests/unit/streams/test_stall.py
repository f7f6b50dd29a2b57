"""When silence is a stall, and when it is not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scopecraft.streams.stall import LifeSigns, stalled_for

AFTER = 900.0
SILENT = LifeSigns(begun_at=1000.0)


def test_long_silence_is_a_stall() -> None:
    assert stalled_for(SILENT, 1899.0, AFTER) is None
    assert stalled_for(SILENT, 1900.0, AFTER) == 900.0


@pytest.mark.parametrize("sign", ["bytes_at", "transcript_at"])
def test_any_sign_of_life_begins_the_time_anew(sign: str) -> None:
    signs = replace(SILENT, **{sign: 1500.0})
    assert stalled_for(signs, 2399.0, AFTER) is None
    assert stalled_for(signs, 2400.0, AFTER) == 900.0


def test_a_tool_that_takes_long_is_no_stall() -> None:
    assert stalled_for(replace(SILENT, open_tool_calls=1), 99_999.0, AFTER) is None


def test_a_session_that_waits_for_a_person_never_stalls() -> None:
    assert stalled_for(replace(SILENT, is_waiting=True), 99_999.0, AFTER) is None
    answered = LifeSigns(begun_at=99_000.0, bytes_at=1500.0)
    assert stalled_for(answered, 99_899.0, AFTER) is None
