"""`metadata.json`: what `cat` shows of a session."""

from __future__ import annotations

import json
import stat
import threading
from pathlib import Path

import pytest

from scopecraft.errors import StateUnreadable
from scopecraft.model.codec import session_to_dict
from scopecraft.model.session import Session
from scopecraft.state.metadata import read_metadata, refresh_metadata, write_metadata
from scopecraft.state.store import Store
from tests.support.sessions import AT, LATER, a_session, ended, running


@pytest.fixture
def home(clean_environment: Path) -> Path:
    return clean_environment / "scopecraft"


def shown(home: Path, session: Session) -> dict[str, object]:
    content = json.loads((home / "sessions" / session.id / "metadata.json").read_text())
    assert isinstance(content, dict)
    return content


def test_it_shows_the_session_as_it_is_after_each_change(home: Path) -> None:
    with Store.open(home) as store:
        session = store.create(a_session(), AT)
        assert shown(home, session) == {"schema_version": 1, **session_to_dict(session), "extras": {}}
        store.move(session.id, running(), "session_started", AT)
        store.set_conversation(session.id, "c-1")
        store.request_stop(session.id, LATER, "sc stop")
        store.move(session.id, ended(), "session_ended", LATER)
        last = store.get(session.id)
    assert last and last.conversation_id == "c-1" and last.stop_requested_at == LATER
    assert read_metadata(home / "sessions" / session.id) == last


def test_what_is_added_for_people_stays_through_moves(home: Path) -> None:
    with Store.open(home) as store:
        session = store.create(a_session(), AT)
        store.describe(session.id, {"image": "scopecraft-agent", "tokens": 1})
        store.move(session.id, running(), "session_started", AT)
        store.describe(session.id, {"tokens": 2})
    assert shown(home, session)["extras"] == {"image": "scopecraft-agent", "tokens": 2}
    assert read_metadata(home / "sessions" / session.id)


def test_any_script_is_readable_and_nothing_in_it_steers_the_terminal(clean_environment: Path) -> None:
    folder = clean_environment / "r-01"
    write_metadata(folder, a_session(id="r-01", task="修正-é"), {"last words": "\x1b[2J \x9b2J \u202e \udcff 👩"})
    raw = (folder / "metadata.json").read_bytes()
    text = raw.decode()
    assert "修正-é" in text and "👩" in text
    assert not [c for c in text if c in "\x1b\x9b\u202e"]
    assert json.loads(raw)["extras"]["last words"] == "\x1b[2J \x9b2J \u202e \udcff 👩"


def test_it_is_private_and_alone_in_its_folder(clean_environment: Path) -> None:
    folder = clean_environment / "sessions" / "r-01"
    write_metadata(folder, a_session(id="r-01"), {})
    write_metadata(folder, a_session(id="r-01"), {})
    assert [entry.name for entry in folder.iterdir()] == ["metadata.json"]
    assert stat.S_IMODE((folder / "metadata.json").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == stat.S_IMODE(folder.parent.stat().st_mode) == 0o700


def test_a_folder_without_metadata_has_no_session(clean_environment: Path) -> None:
    assert read_metadata(clean_environment) is None
    assert read_metadata(clean_environment / "none") is None


def test_a_damaged_one_is_moved_aside_and_named(clean_environment: Path) -> None:
    folder = clean_environment / "r-01"
    write_metadata(folder, a_session(id="r-01"), {})
    (folder / "metadata.json").write_bytes(b"\xff\xfe{")
    with pytest.raises(StateUnreadable) as problem:
        read_metadata(folder)
    (aside,) = folder.iterdir()
    assert aside.read_bytes() == b"\xff\xfe{"
    assert str(aside) in problem.value.message and str(folder / "metadata.json") in problem.value.message
    assert problem.value.hint
    assert read_metadata(folder) is None


@pytest.mark.parametrize("content", [b"", b"\0" * 700, b"[]", b'{"extras": 3}', b"\xff", b'{"schema_version": 99}'])
def test_a_damaged_one_is_moved_aside_before_it_is_written_anew(home: Path, content: bytes) -> None:
    with Store.open(home) as store:
        session = store.create(a_session(), AT)
        path = home / "sessions" / session.id / "metadata.json"
        path.write_bytes(content)
        moved = store.move(session.id, running(), "session_started", AT)
        (notice,) = store.notices
    (aside,) = path.parent.glob("metadata.json.damaged-*")
    assert aside.read_bytes() == content
    assert str(path) in notice and str(aside) in notice
    assert read_metadata(path.parent) == moved


def test_a_commit_stands_although_its_copy_cannot_be_written(home: Path) -> None:
    with Store.open(home) as store:
        session = store.create(a_session(), AT)
        folder = home / "sessions" / session.id
        (folder / "metadata.json").unlink()
        (folder / "metadata.json").mkdir()
        moved = store.move(session.id, running(), "session_started", AT)
        assert moved and store.get(session.id) == moved
        (notice,) = store.notices
        assert str(folder / "metadata.json") in notice
        store.set_conversation(session.id, "c-1")
        assert store.notices == (notice,)
        assert [entry.name for entry in folder.iterdir()] == ["metadata.json"]


def test_the_folder_of_a_session_that_was_removed_by_hand_comes_back(home: Path) -> None:
    with Store.open(home) as store:
        session = store.create(a_session(), AT)
        (home / "sessions" / session.id / "metadata.json").unlink()
        (home / "sessions" / session.id).rmdir()
        moved = store.move(session.id, running(), "session_started", AT)
        assert store.notices == ()
    assert read_metadata(home / "sessions" / session.id) == moved


def test_the_newest_stays_although_an_older_writer_was_at_it_first(clean_environment: Path) -> None:
    folder = clean_environment / "r-01"
    newest = threading.Thread(target=write_metadata, args=(folder, a_session(id="r-01", status=ended()), {"b": 2}))

    def slowly() -> Session:
        newest.start()
        newest.join(0.2)  # it cannot end while we are at it
        return a_session(id="r-01")

    refresh_metadata(folder, slowly, {"a": 1})
    newest.join(10)
    stored = read_metadata(folder)
    assert stored and stored.status == ended()
    assert json.loads((folder / "metadata.json").read_bytes())["extras"] == {"a": 1, "b": 2}
