"""The journal: what happened, in order, and how others notice that something did."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from scopecraft.model.event import Alert, Event
from scopecraft.state.store import Store
from tests.support.sessions import AT, LATER, a_session, ended


@pytest.fixture
def home(clean_environment: Path) -> Path:
    return clean_environment / "scopecraft"


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    with Store.open(home) as store:
        yield store


def test_events_come_back_in_order_with_their_place(store: Store) -> None:
    asked = [
        Event(0, LATER, "mission_created", "m-1"),
        Event(0, AT, "mission_moved", "m-2", None, {"from": "draft", "n": 1, "x": 0.5, "ok": True, "none": None}),
        Event(7, AT, "commits_taken", "m-1", "r-1", {"text": "修正 \udcff"}),
    ]
    places = [store.append(event) for event in asked]
    assert places == [1, 2, 3]
    events = store.events()
    assert [event.seq for event in events] == places
    assert [(e.at, e.kind, e.mission_id, e.session_id, e.data) for e in events] == [
        (e.at, e.kind, e.mission_id, e.session_id, e.data) for e in asked
    ]


def test_a_reader_goes_on_where_it_stopped(store: Store) -> None:
    for number in range(6):
        store.append(Event(0, AT, "mission_moved", f"m-{number % 2}", f"r-{number % 3}"))
    assert [event.seq for event in store.events(after=4)] == [5, 6]
    assert [event.seq for event in store.events(after=1, limit=2)] == [2, 3]
    assert [event.seq for event in store.events(mission_id="m-0")] == [1, 3, 5]
    assert [event.seq for event in store.events(mission_id="m-0", session_id="r-0", after=0)] == [1]
    assert store.events(after=6) == []


def test_what_happened_on_the_way_is_recorded_with_the_move_or_not_at_all(store: Store) -> None:
    session = store.create(a_session(), AT)
    also = [Event(0, AT, "alert_raised", session.mission_id, session.id, {"code": str(number)}) for number in range(2)]
    assert store.move(session.id, ended(), "session_ended", AT, also=also)
    with pytest.raises(ValueError, match="cannot move"):
        store.move(session.id, ended(), "session_ended", AT, also=also)
    assert [event.kind for event in store.events(after=1)] == ["alert_raised", "alert_raised", "session_ended"]


def test_alerts_are_those_of_the_session(store: Store) -> None:
    session = store.create(a_session(), AT)
    for id_, code in ((session.id, "log_replaced"), ("r-2", "other"), (session.id, "stalled")):
        store.append(Event(0, AT, "alert_raised", session.mission_id, id_, {"code": code, "text": f"about {code}"}))
    assert store.alerts_of(session.id) == [
        Alert("log_replaced", "about log_replaced"),
        Alert("stalled", "about stalled"),
    ]


def test_a_commit_of_another_is_noticed_and_silence_too(home: Path, store: Store) -> None:
    with Store.open(home) as other:
        before = store.data_version()
        assert store.data_version() == before
        other.append(Event(0, AT, "mission_created"))
        noticed = store.data_version()
        assert noticed != before
        assert store.data_version() == noticed


def test_everything_is_private_whatever_the_umask(clean_environment: Path) -> None:
    before = os.umask(0)
    try:
        home = clean_environment / "deep" / "home"
        with Store.open(home) as store:
            session = store.create(a_session(), AT)
            store.append(Event(0, AT, "mission_created"))
            found = {path.relative_to(home): stat.S_IMODE(path.lstat().st_mode) for path in home.rglob("*")}
    finally:
        os.umask(before)
    folders = {Path("sessions"), Path("sessions") / session.id}
    assert {path for path, mode in found.items() if mode == 0o700} == folders
    assert {path for path, mode in found.items() if mode == 0o600} == set(found) - folders
    assert {Path("scopecraft.db"), Path("scopecraft.db-wal")} <= set(found)
    assert stat.S_IMODE(home.lstat().st_mode) == 0o700


def test_the_journal_can_be_read_backwards(store: Store) -> None:
    for number in range(6):
        store.append(Event(0, AT, "mission_moved", f"m-{number % 2}", f"r-{number % 3}"))
    assert [event.seq for event in store.earlier_events()] == [6]
    assert [event.seq for event in store.earlier_events(before=5, limit=3)] == [4, 3, 2]
    assert [event.seq for event in store.earlier_events(mission_id="m-0", limit=9)] == [5, 3, 1]
