"""The inbox on the host: whole lines, in order, whatever happened to a write before."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from scopecraft.errors import StorageFailed
from scopecraft.sessions import inbox
from scopecraft.sessions.folder import SessionFolder


@pytest.fixture
def folder(tmp_path: Path) -> SessionFolder:
    made = SessionFolder(tmp_path / "r-1")
    made.make()
    return made


def test_lines_of_one_append_stay_together(folder: SessionFolder) -> None:
    pairs = [(b"#%d\n" % number, b"{%d}\n" % number) for number in range(20)]
    writers = [threading.Thread(target=inbox.append, args=(folder, *pair)) for pair in pairs]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    lines = folder.inbox.read_bytes().splitlines(keepends=True)
    assert sorted(zip(lines[::2], lines[1::2], strict=True)) == sorted(pairs)


def test_half_a_line_that_a_full_disk_left_counts_for_nothing(folder: SessionFolder) -> None:
    folder.inbox.write_bytes(b'{"whole":1}\n{"ha')
    inbox.append(folder, b'{"next":1}\n')
    assert folder.inbox.read_bytes() == b'{"whole":1}\n{"ha#\n{"next":1}\n'


def test_a_session_is_held_from_the_last_hold_to_the_next_release(folder: SessionFolder) -> None:
    assert inbox.hold_of(folder) is None
    inbox.append(folder, inbox.hold_line("limit"), b"{}\n")
    assert inbox.hold_of(folder) == "limit"
    inbox.append(folder, inbox.RELEASE)
    assert inbox.hold_of(folder) is None
    folder.inbox.write_bytes(b"#hold by some other version\n")
    assert inbox.hold_of(folder) == "idle"


def test_a_closed_inbox_is_known_by_whatever_stands_there(folder: SessionFolder) -> None:
    assert not inbox.is_closed(folder)
    (folder.out / "inbox-closed").symlink_to("nowhere")
    assert inbox.is_closed(folder)


def test_an_inbox_that_is_not_there_is_no_place_to_write_to(folder: SessionFolder) -> None:
    folder.inbox.unlink()
    with pytest.raises(StorageFailed):
        inbox.append(folder, b"{}\n")
    assert not folder.inbox.exists()


def test_messages_that_nobody_read_are_told_when_it_has_ended(folder: SessionFolder) -> None:
    assert inbox.unread_alerts(folder, ()) == []
    for name in ("m-1", "m-2", "m-3"):
        inbox.append(folder, inbox.message_line(name), b"{}\n")
    assert inbox.unread_alerts(folder, ("m-1", "m-2", "m-3")) == []
    (alert,) = inbox.unread_alerts(folder, ("m-2",))
    assert (alert.code, alert.text.split(" to it")[0]) == ("message_unread", "2 messages")
