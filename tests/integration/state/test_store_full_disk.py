"""A full disk: the old state is whole, the error says so, and all is well once there is space again."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from scopecraft.errors import StorageFailed
from scopecraft.model.event import Event
from scopecraft.model.session import Session
from scopecraft.state.metadata import read_metadata
from scopecraft.state.store import Store
from tests.support.sessions import AT, a_session, running
from tests.support.small_disk import fill, make_read_only, small_disk


@pytest.fixture
def disk(clean_environment: Path) -> Iterator[Path]:
    with small_disk(clean_environment / "disk") as disk:
        yield disk


def files(home: Path) -> set[str]:
    return {str(path.relative_to(home)) for path in home.rglob("*") if path.is_file()}


CHANGES: dict[str, Callable[[Store, Session], object]] = {
    "create": lambda store, _: store.create(a_session(), AT),
    "move": lambda store, session: store.move(session.id, running(), "session_started", AT),
    "stop": lambda store, session: store.request_stop(session.id, AT, "sc stop"),
    "conversation": lambda store, session: store.set_conversation(session.id, "c-1"),
    "append": lambda store, _: store.append(Event(0, AT, "alert_raised", data={"text": "x" * 9000})),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_that_finds_no_space_changes_nothing(disk: Path, name: str) -> None:
    home = disk / "home"
    with Store.open(home) as store:
        session = store.create(a_session(), AT)
        events = store.events()
        before = files(home)
        ballast = fill(disk)

        for _ in range(3):
            with pytest.raises(StorageFailed, match=r"scopecraft\.db: the disk is full") as failed:
                CHANGES[name](store, session)
            assert failed.value.hint and failed.value.exit_code == 1
        assert store.sessions() == [session] and store.events() == events
        assert read_metadata(home / "sessions" / session.id) == session
        assert files(home) == before

        ballast.unlink()
        CHANGES[name](store, session)
        assert store.notices == ()
        assert len(store.events()) == len(events) + (name != "conversation")
    with Store.open(home) as store:
        assert session.id in {kept.id for kept in store.live()}
        assert store.notices == ()


def test_a_commit_stands_when_only_its_copy_finds_no_space(disk: Path) -> None:
    home = disk / "home"
    with Store.open(home) as store:
        session = store.create(a_session(), AT)
        with closing(sqlite3.connect(home / "scopecraft.db")) as connection:
            # The log is written from its start again, in space that it has already.
            connection.execute("PRAGMA wal_checkpoint(RESTART)").fetchall()
            before = files(home)
            ballast = fill(disk)
            moved = store.move(session.id, running(), "session_started", AT)
        assert moved and store.live() == [moved]
        (notice,) = store.notices
        assert notice.endswith(f"cannot write {home / 'sessions' / session.id / 'metadata.json'}: the disk is full")
        assert read_metadata(home / "sessions" / session.id) == session
        assert files(home) == before
        ballast.unlink()
        store.set_conversation(session.id, "c-1")
        assert read_metadata(home / "sessions" / session.id) == store.get(session.id)


@pytest.mark.parametrize("blocks", [0, 1, 3, 9])
def test_a_store_that_finds_no_space_to_begin_leaves_nothing_behind(disk: Path, blocks: int) -> None:
    ballast = fill(disk, but=blocks)
    with pytest.raises(StorageFailed, match="the disk is full"):
        Store.open(disk / "home")
    assert files(disk / "home") == set()
    ballast.unlink()
    with Store.open(disk / "home") as store:
        store.create(a_session(), AT)
        assert store.notices == ()


def test_a_store_that_cannot_be_opened_for_lack_of_space_says_so(disk: Path) -> None:
    with Store.open(disk / "home") as store:
        session = store.create(a_session(), AT)
    ballast = fill(disk)
    with pytest.raises(StorageFailed, match="the disk is full"):
        Store.open(disk / "home").live()
    ballast.unlink()
    with Store.open(disk / "home") as store:
        assert store.live() == [session] and store.notices == ()


def test_a_damaged_database_waits_where_it_is_until_there_is_space_to_rebuild(disk: Path) -> None:
    home = disk / "home"
    with Store.open(home) as store:
        session = store.create(a_session(), AT)
    damaged = b"\0" * (home / "scopecraft.db").stat().st_size
    (home / "scopecraft.db").write_bytes(damaged)
    before = files(home)
    ballast = fill(disk)
    with pytest.raises(StorageFailed, match="the disk is full"):
        Store.open(home)
    assert files(home) == before and (home / "scopecraft.db").read_bytes() == damaged
    ballast.unlink()
    with Store.open(home) as store:
        assert store.live() == [session]
        assert len(store.notices) == 1


def test_a_read_only_home_is_named_as_such(disk: Path) -> None:
    with Store.open(disk / "home"):
        pass
    make_read_only(disk)
    for home in ("home", "other"):
        with pytest.raises(StorageFailed, match="read-only") as failed, Store.open(disk / home) as store:
            store.create(a_session(), AT)
        assert "SCOPECRAFT_HOME" in failed.value.hint
