"""Ids and times, which sort as text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scopecraft.model.clock import from_text, now, to_text
from scopecraft.model.ids import MISSION_ID, SESSION_ID, new_mission_id, new_session_id

MOMENTS = st.datetimes(datetime(1970, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC))


@given(MOMENTS)
def test_an_id_has_its_shape_at_any_time(at: datetime) -> None:
    assert MISSION_ID.fullmatch(new_mission_id(at))
    assert SESSION_ID.fullmatch(new_session_id(at))


@given(MOMENTS, st.integers(1, 10**9))
def test_later_ids_and_times_sort_later(at: datetime, milliseconds: int) -> None:
    earlier = at - timedelta(milliseconds=milliseconds)
    if earlier.year >= 1971:
        assert new_session_id(earlier) < new_session_id(at)
        assert to_text(earlier) < to_text(at)


def test_ids_of_one_moment_differ() -> None:
    at = datetime(2026, 3, 1, tzinfo=UTC)
    assert len({new_session_id(at) for _ in range(20)}) > 1


@given(MOMENTS)
def test_a_time_comes_back_to_the_millisecond(at: datetime) -> None:
    assert from_text(to_text(at)) == at.replace(microsecond=at.microsecond // 1000 * 1000)


def test_a_time_is_utc_whatever_the_zone() -> None:
    at = datetime(2026, 3, 1, 1, 30, tzinfo=timezone(timedelta(hours=2)))
    assert to_text(at) == "2026-02-28T23:30:00.000Z"
    assert now().tzinfo is UTC


@pytest.mark.parametrize("text", ["", "yesterday", "2026-03-01T10:00:00", "2026-13-01T10:00:00Z"])
def test_what_is_no_full_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        from_text(text)
