from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from scopecraft.config.paths import Home
from scopecraft.errors import AlreadyRunning
from scopecraft.supervisor.holder import lock_path, read_holder
from scopecraft.supervisor.lock import home_lock

ROW = {"pid": 1, "started": 2, "boot_id": "b", "started_at": "t", "version": "0.1", "socket": "/s"}
LINE = json.dumps(ROW).encode() + b"\n"


@pytest.mark.parametrize("data", [b"", LINE[:-1], b"\n", b"[]\n", b"{}\n", b"\xff\n", LINE.replace(b"2", b'"x"')])
def test_a_lock_file_that_says_nothing_useful_names_nobody(clean_environment: Path, data: bytes) -> None:
    home = Home(clean_environment)
    lock_path(home).write_bytes(data)
    assert read_holder(home) is None


def test_the_first_whole_line_counts(clean_environment: Path) -> None:
    home = Home(clean_environment)
    lock_path(home).write_bytes(LINE + b'of a longer one"}\n')
    holder = read_holder(home)
    assert holder is not None and (holder.pid, holder.socket) == (1, "/s")


def test_a_link_in_the_place_of_the_lock_file_is_not_followed(clean_environment: Path) -> None:
    home = Home(clean_environment)
    elsewhere = clean_environment / "elsewhere"
    elsewhere.write_bytes(LINE)
    lock_path(home).symlink_to(elsewhere)
    assert read_holder(home) is None


def test_whoever_holds_the_home_is_named_and_forgotten_afterwards(clean_environment: Path) -> None:
    home = Home(clean_environment)
    with home_lock(home) as lock:
        lock.listens_at(Path("/a/long/path/to/listen/at.sock"))
        lock.listens_at(Path("/short"))
        assert read_holder(home) == replace(lock.holder, owner=home.root.stat().st_uid)
        with pytest.raises(AlreadyRunning, match=f"pid {lock.holder.pid}, since"), home_lock(home):
            pass
        assert lock.is_current
    assert read_holder(home) is None
    with home_lock(home):
        pass
