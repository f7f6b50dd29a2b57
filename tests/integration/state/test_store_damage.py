"""A database that cannot be read is moved aside and rebuilt; whatever else can be read stays listed."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from scopecraft.errors import StateTooNew, StorageFailed
from scopecraft.model.event import Event
from scopecraft.model.session import Ended, Interrupted, Session
from scopecraft.state.database import Database
from scopecraft.state.metadata import write_metadata
from scopecraft.state.migrations import MIGRATIONS
from scopecraft.state.rows import insert_event
from scopecraft.state.store import Store
from tests.support.sessions import AT, LATER, a_mission_id, a_session, ended, running

DATABASE = "scopecraft.db"


@pytest.fixture
def home(clean_environment: Path) -> Path:
    return clean_environment / "scopecraft"


def filled(home: Path, count: int = 60) -> list[Session]:
    """A closed store with ended sessions and a running one, newest first."""
    with Store.open(home) as store:
        for number in range(count):
            session = store.create(a_session(task=f"task-{number}"), AT)
            store.move(session.id, running(), "session_started", AT)
            if number < count - 1:
                store.move(session.id, ended(), "session_ended", LATER)
        return store.sessions()


def asides(home: Path) -> list[Path]:
    """Databases that were moved aside, without the logs beside them."""
    return [path for path in home.glob(f"{DATABASE}.damaged-*") if not path.name.endswith(("-wal", "-shm"))]


def write(damage: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    return lambda path: void(path.write_bytes(damage(path.read_bytes())))


def void(_: object) -> None:
    """So that a lambda can write."""


def zero_pages_after_the_first(data: bytes) -> bytes:
    return data[:4096] + bytes(len(data) - 4096)


def foreign_database(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE music (title TEXT)")


DAMAGES: dict[str, Callable[[Path], None]] = {
    "half of it": write(lambda data: data[: len(data) // 2]),
    "a few bytes": write(lambda data: data[:50]),
    "empty": write(lambda data: b""),
    "NULs": write(lambda data: bytes(len(data))),
    "text": write(lambda data: b"not a database at all\n" * 300),
    "header scratched": write(lambda data: b"X" + data[1:]),
    "only the first page": write(zero_pages_after_the_first),
    "of another program": foreign_database,
    "missing": Path.unlink,
}


@pytest.mark.parametrize("name", DAMAGES)
def test_every_session_is_back_and_the_damaged_file_is_kept(home: Path, name: str) -> None:
    before = filled(home)
    path = home / DATABASE
    DAMAGES[name](path)
    damaged = path.read_bytes() if path.exists() else None

    with Store.open(home) as store:
        assert store.sessions() == before
        (notice,) = store.notices
        (rebuilt,) = [event for event in store.events() if event.kind == "state_rebuilt"]
        again = store.create(a_session(mission_id=before[-1].mission_id), AT)
        assert again.attempt == 2

    assert str(path) in notice and "60 sessions" in notice
    assert rebuilt.data["sessions"] == 60
    kept = asides(home)
    if damaged is None:
        assert kept == [] and rebuilt.data["moved_to"] is None
    else:
        (aside,) = kept
        assert aside.read_bytes() == damaged
        assert str(aside) in notice and rebuilt.data["moved_to"] == str(aside)
    with Store.open(home) as store:
        assert store.notices == ()
    rest = {entry.name for entry in home.iterdir() if ".damaged-" not in entry.name}
    assert rest == {DATABASE, "sessions"}


def test_damage_that_shows_only_while_working_is_mended_too(home: Path) -> None:
    before = filled(home)
    with Store.open(home) as store, Store.open(home) as other:
        last = store.events()[-1].seq
        assert other.sessions() == before
        with closing(sqlite3.connect(home / DATABASE)) as connection:
            # As when a byte on the disk changes within a value: SQLite itself notices nothing.
            connection.execute("PRAGMA ignore_check_constraints = 1")
            connection.execute("UPDATE session SET status = '{' WHERE id = ?", (before[0].id,))
            connection.commit()
        assert store.live() == [before[0]]
        assert "is damaged" in store.notices[0]
        created = store.create(a_session(), AT)
        # The other one follows to the new file by itself, and so does who reads the journal from where it was.
        assert other.sessions() == [created, *before]
        assert other.notices == ()
        assert [event.kind for event in other.events(after=last)] == ["state_rebuilt", "session_created"]


def test_text_that_is_no_utf8_in_the_database_is_damage(home: Path) -> None:
    before = filled(home, 3)
    with closing(sqlite3.connect(home / DATABASE)) as connection:
        connection.execute("UPDATE session SET task = CAST(x'ff41' AS TEXT) WHERE id = ?", (before[1].id,))
        connection.commit()
    with Store.open(home) as store:
        assert store.sessions() == before
        assert len(store.notices) == 1


def test_a_reader_notices_that_the_database_was_replaced(home: Path) -> None:
    filled(home, 2)
    with Store.open(home) as store:
        before = store.data_version()
        (home / DATABASE).write_bytes(b"")
        with Store.open(home):
            pass
        assert store.data_version() != before


def test_a_store_that_is_open_follows_to_the_database_that_another_made(home: Path) -> None:
    with Store.open(home) as store:
        session = store.create(a_session(), AT)
        (home / DATABASE).rename(home / "taken away")
        with Store.open(home) as other:
            created = store.create(a_session(), AT)
            assert other.live() == [session, created]
    with Store.open(home) as store:
        assert store.live() == [session, created] and store.notices == ()


def test_what_was_written_while_the_file_was_moved_away_is_written_again(home: Path) -> None:
    home.mkdir()
    path = home / DATABASE
    with closing(Database(path, MIGRATIONS)) as database:

        def write(connection: sqlite3.Connection) -> int:
            seq = insert_event(connection, Event(0, AT, "mission_created"))
            if not (home / "taken away").exists():
                path.rename(home / "taken away")
            return seq

        database.run(write)
    with Store.open(home) as store:
        assert [event.kind for event in store.events()] == ["mission_created"]


def test_a_rebuild_that_died_halfway_is_done_again(home: Path) -> None:
    before = filled(home, 2)
    (home / DATABASE).rename(home / f"{DATABASE}.damaged-by-something")
    for rest in ("", "-wal", "-shm"):
        (home / f"{DATABASE}.new{rest}").write_bytes(b"half of a database")
    with Store.open(home) as store:
        assert store.sessions() == before
        assert len(store.notices) == 1
    assert list(home.glob(f"{DATABASE}.new*")) == []


def test_a_left_over_log_of_a_lost_database_is_not_replayed_into_the_new_one(home: Path) -> None:
    with Store.open(home) as store:
        session = store.create(a_session(), AT)
        log = (home / f"{DATABASE}-wal").read_bytes()
    (home / DATABASE).unlink()
    (home / f"{DATABASE}-wal").write_bytes(log)
    with Store.open(home) as store:
        assert store.sessions() == [session]
        assert [event.kind for event in store.events()] == ["state_rebuilt"]
    assert len(list(home.glob(f"{DATABASE}-wal.damaged-*"))) == 1


def test_the_parts_of_a_damaged_database_stay_together(home: Path) -> None:
    filled(home, 2)
    (home / DATABASE).write_bytes(b"x" * 5000)
    (home / f"{DATABASE}-wal").write_bytes(b"log")
    with Store.open(home):
        pass
    (aside,) = asides(home)
    assert aside.with_name(f"{aside.name}-wal").read_bytes() == b"log"


@pytest.mark.parametrize("content", [None, b""], ids=["missing", "empty"])
def test_a_home_without_sessions_begins_quietly(home: Path, content: bytes | None) -> None:
    home.mkdir()
    if content is not None:
        (home / DATABASE).write_bytes(content)
    with Store.open(home) as store:
        assert store.sessions() == []
        assert store.events() == [] or content is not None


@pytest.mark.parametrize("version", [len(MIGRATIONS) + 1, 99])
def test_a_newer_database_is_left_alone_and_both_versions_are_named(home: Path, version: int) -> None:
    filled(home, 2)
    with closing(sqlite3.connect(home / DATABASE)) as connection:
        connection.execute(f"PRAGMA user_version = {version}")
    before = (home / DATABASE).read_bytes()
    with pytest.raises(StateTooNew, match=rf"version {version}, .* up to {len(MIGRATIONS)}"):
        Store.open(home)
    assert (home / DATABASE).read_bytes() == before
    assert [path.name for path in home.glob(f"{DATABASE}.*")] == []


METADATA_DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "truncated": lambda data: data[: len(data) // 2],
    "empty": lambda data: b"",
    "NULs": lambda data: bytes(len(data)),
    "bad UTF-8": lambda data: data.replace(b"fix-login", b"fix-\xff\xfelogin"),
    "no object": lambda data: b"[1, 2]",
    "unknown status": lambda data: data.replace(b'"kind": "ended"', b'"kind": "levitating"'),
    "a field missing": lambda data: data.replace(b'"mission_id"', b'"misson_id"'),
    "of another session": lambda data: data.replace(b'"id": "r-', b'"id": "r-0'),
    "deep": lambda data: b"[" * 200_000,
    "a huge number": lambda data: data.replace(b'"attempt": 1', b'"attempt": ' + b"9" * 30),
}


@pytest.mark.parametrize("name", METADATA_DAMAGES)
def test_one_damaged_metadata_never_hides_the_others(home: Path, name: str) -> None:
    with Store.open(home) as store:
        for _ in range(3):
            session = store.create(a_session(), AT)
            store.move(session.id, ended(), "session_ended", LATER)
        sessions = store.sessions()
    victim = sessions[1]
    path = home / "sessions" / victim.id / "metadata.json"
    damaged = METADATA_DAMAGES[name](path.read_bytes())
    path.write_bytes(damaged)

    # While the database is whole nothing is lost, and nothing is asked.
    with Store.open(home) as store:
        assert store.sessions() == sessions and store.notices == ()

    (home / DATABASE).write_bytes(b"\0" * 8192)
    with Store.open(home) as store:
        assert store.sessions() == [sessions[0], sessions[2]]
        told = [notice for notice in store.notices if str(path) in notice]
        assert len(told) == 1
    if name != "a huge number":
        (aside,) = path.parent.glob("metadata.json.damaged-*")
        assert aside.read_bytes() == damaged and str(aside) in told[0]


def test_two_sessions_that_look_alive_are_settled_honestly(home: Path) -> None:
    # A crash between the commit and the copy leaves metadata that is older than what happened.
    mission = a_mission_id()
    stale = a_session(id="r-01", mission_id=mission, created_at=AT, status=running())
    newest = a_session(id="r-02", mission_id=mission, attempt=2, created_at=LATER, status=running())
    for session in (stale, newest):
        write_metadata(home / "sessions" / session.id, session)
    with Store.open(home) as store:
        assert store.live() == [newest]
        settled = store.get("r-01")
    assert settled and isinstance(settled.status, Ended)
    assert settled.status.started_at == AT and isinstance(settled.status.outcome, Interrupted)


def test_a_session_that_fits_no_rule_is_told_and_hides_no_other(home: Path) -> None:
    mission = a_mission_id()
    for id_ in ("r-01", "r-02"):
        write_metadata(home / "sessions" / id_, a_session(id=id_, mission_id=mission, attempt=1, status=ended()))
    with Store.open(home) as store:
        assert [session.id for session in store.sessions()] == ["r-01"]
        assert any("r-02" in notice for notice in store.notices)


def test_folders_that_are_no_sessions_do_not_matter(home: Path) -> None:
    (before,) = filled(home, 1)
    (home / "sessions" / "empty").mkdir()
    (home / "sessions" / "note.txt").write_text("mine")
    (home / "sessions" / "link").symlink_to(home / "sessions" / before.id)
    (home / DATABASE).write_bytes(b"")
    with Store.open(home) as store:
        assert store.sessions() == [before]
        assert len(store.notices) == 1


def test_a_home_that_was_removed_does_not_come_back(home: Path) -> None:
    with Store.open(home) as store:
        home.rename(home.with_name("elsewhere"))
        with pytest.raises(StorageFailed, match="its folder is gone"):
            store.live()
    assert not home.exists()


def test_a_home_that_was_away_for_a_while_is_used_again(home: Path) -> None:
    before = filled(home, 2)
    with Store.open(home) as store:
        away = home.rename(home.with_name("away"))
        for _ in range(2):
            with pytest.raises(StorageFailed, match="its folder is gone"):
                store.sessions()
        away.rename(home)
        assert store.sessions() == before
