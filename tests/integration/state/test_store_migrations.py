"""From one version of the database to the next; files of every earlier version stay readable."""

from __future__ import annotations

import shutil
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from scopecraft.errors import StateTooNew
from scopecraft.model.codec import session_to_dict
from scopecraft.model.session import Ended, Killed
from scopecraft.state.migrations import MIGRATIONS, version_of
from scopecraft.state.store import Store
from tests.support.sessions import AT, a_session

NOW = len(MIGRATIONS)
DATA = Path(__file__).parents[2] / "data" / "state"


@pytest.fixture
def home(clean_environment: Path) -> Path:
    return clean_environment / "scopecraft"


def add_labels(connection: sqlite3.Connection) -> None:
    connection.execute("ALTER TABLE session ADD COLUMN label TEXT NOT NULL DEFAULT 'none'")


def fail_halfway(connection: sqlite3.Connection) -> None:
    connection.execute("CREATE TABLE half (x)")
    connection.execute("INSERT INTO nowhere VALUES (1)")


def ask(path: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(query).fetchall()


def version(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return version_of(connection)


def test_a_new_database_has_the_newest_version_and_no_backup(home: Path) -> None:
    with Store.open(home):
        pass
    assert version(home / "scopecraft.db") == NOW
    assert [path.name for path in home.iterdir()] == ["scopecraft.db"]
    assert ask(home / "scopecraft.db", "PRAGMA journal_mode") == [("wal",)]


def test_an_older_database_is_backed_up_and_brought_forward(home: Path) -> None:
    with Store.open(home) as store:
        session = store.create(a_session(), AT)
        events = store.events()
    with Store.open(home, migrations=(*MIGRATIONS, add_labels)) as store:
        assert store.sessions() == [session] and store.events() == events
    assert version(home / "scopecraft.db") == NOW + 1
    assert ask(home / "scopecraft.db", "SELECT id, label FROM session") == [(session.id, "none")]
    backup = home / f"scopecraft.db.backup-v{NOW}"
    assert version(backup) == NOW
    assert ask(backup, "SELECT id FROM session") == [(session.id,)]
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600


def test_the_backup_holds_what_is_still_in_the_log(home: Path) -> None:
    with Store.open(home) as store:
        session = store.create(a_session(), AT)
        with Store.open(home, migrations=(*MIGRATIONS, add_labels)):
            pass
    assert ask(home / f"scopecraft.db.backup-v{NOW}", "SELECT id FROM session") == [(session.id,)]


def test_only_the_missing_steps_are_taken_and_once(home: Path) -> None:
    taken: list[int] = []
    steps = tuple(lambda connection, number=number: taken.append(number) for number in (2, 3, 4))
    for known in (steps[:1], steps[:1], steps, steps):
        with Store.open(home, migrations=(*MIGRATIONS, *known)):
            pass
    assert taken == [2, 3, 4]
    assert version(home / "scopecraft.db") == NOW + 3


def test_a_step_that_fails_leaves_the_version_before_it_whole(home: Path) -> None:
    with Store.open(home) as store:
        session = store.create(a_session(), AT)
    with pytest.raises(Exception, match="nowhere"):
        Store.open(home, migrations=(*MIGRATIONS, add_labels, fail_halfway))
    assert version(home / "scopecraft.db") == NOW + 1
    assert ask(home / "scopecraft.db", "SELECT count(*) FROM sqlite_master WHERE name = 'half'") == [(0,)]
    with Store.open(home, migrations=(*MIGRATIONS, add_labels)) as store:
        assert store.sessions() == [session] and store.notices == ()


def test_an_older_scopecraft_refuses_a_newer_database(home: Path) -> None:
    with Store.open(home, migrations=(*MIGRATIONS, add_labels)):
        pass
    with pytest.raises(StateTooNew, match=rf"version {NOW + 1}.*up to {NOW}") as refused:
        Store.open(home)
    assert refused.value.hint and refused.value.exit_code == 1


@pytest.mark.parametrize("kept", sorted(DATA.iterdir()), ids=lambda path: path.name)
def test_a_database_of_each_earlier_version_can_be_read(home: Path, kept: Path) -> None:
    home.mkdir()
    shutil.copy(kept / "scopecraft.db", home)
    with Store.open(home) as store:
        read = store.sessions()
        assert store.notices == ()
        assert [event.kind for event in store.events()][-1] == "session_ended"
    assert [session.status.kind for session in read] == ["queued", "waiting", "running", "ended"]


@pytest.mark.parametrize("kept", sorted(DATA.iterdir()), ids=lambda path: path.name)
def test_the_metadata_of_each_earlier_version_rebuilds_the_same(home: Path, kept: Path) -> None:
    home.mkdir()
    shutil.copy(kept / "scopecraft.db", home)
    with Store.open(home) as store:
        read = {session.id: session_to_dict(session) for session in store.sessions()}
    (home / "scopecraft.db").unlink()
    shutil.copytree(kept / "sessions", home / "sessions")
    with Store.open(home) as store:
        assert {session.id: session_to_dict(session) for session in store.sessions()} == read
        assert len(store.notices) == 1


def test_who_stood_in_line_in_an_earlier_version_still_does(home: Path) -> None:
    home.mkdir()
    shutil.copy(DATA / "version-2" / "scopecraft.db", home)
    with Store.open(home) as store:
        (item,) = store.queue.items()
        assert (item.session.task, item.place, item.is_new) == ("task-4", 1, True)
        ended = store.move(item.session.id, Ended(None, AT, Killed("sc queue remove")), "session_ended", AT)
        assert ended is not None and store.queue.items() == []
