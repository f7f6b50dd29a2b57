"""`sc events`: the journal as a person and a program read it, each entry once, whatever happens meanwhile."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from scopecraft.model.event import Event
from scopecraft.state.store import Store
from tests.support.command_line import PROGRAM, environment, sc
from tests.support.sessions import AT, a_session, ended
from tests.support.wait import until

WRITER = """
import sys
from pathlib import Path
from scopecraft.model.event import Event
from scopecraft.state.store import Store
with Store.open(Path(sys.argv[1])) as store:
    for number in range(int(sys.argv[3])):
        store.append(Event(0, "2026-03-01T10:00:00.000Z", "message_sent", data={"text": f"{sys.argv[2]} {number}"}))
"""


@pytest.fixture
def home() -> Path:
    assert sc("init").code == 0
    return Path(os.environ["SCOPECRAFT_HOME"]).resolve()


@contextmanager
def followed(*arguments: str) -> Iterator[tuple[subprocess.Popen[bytes], list[dict[str, Any]]]]:
    """`sc events -f --json`, and what it has said so far."""
    process = subprocess.Popen(
        [*PROGRAM, "events", "-f", "--json", *arguments],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    said: list[dict[str, Any]] = []
    lines = process.stdout
    reader = Thread(target=lambda: said.extend(json.loads(line) for line in lines), daemon=True)
    reader.start()
    try:
        yield process, said
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
        reader.join(10)


def has(said: list[dict[str, Any]], text: str) -> Callable[[], bool]:
    return lambda: any(row["data"].get("text") == text for row in said)


def test_a_follower_hears_of_everything_once_from_many_writers(home: Path) -> None:
    with followed("--after", "0") as (follower, said):
        writers = [
            subprocess.Popen([sys.executable, "-c", WRITER, str(home), name, "100"], env=environment())
            for name in ("ann", "bob", "cid")
        ]
        assert [writer.wait(60) for writer in writers] == [0, 0, 0]
        until(lambda: len(said) >= 300, 20)
    with Store.open(home) as store:
        assert [row["seq"] for row in said] == [event.seq for event in store.events()]
    assert follower.returncode == 130


def test_a_follower_goes_on_in_a_rebuilt_database(home: Path) -> None:
    with Store.open(home) as store:
        store.create(a_session(), AT)
        store.append(Event(0, AT, "message_sent", data={"text": "before"}))
    with followed("--after", "0") as (_, said):
        until(has(said, "before"), 20)
        (home / "scopecraft.db").unlink()
        with Store.open(home) as store:
            store.append(Event(0, AT, "message_sent", data={"text": "after"}))
        until(has(said, "after"), 20)
    assert [row["kind"] for row in said] == ["session_created", "message_sent", "state_rebuilt", "message_sent"]
    assert [row["seq"] for row in said] == sorted({row["seq"] for row in said})


def test_a_follower_whose_reader_goes_away_leaves_too(home: Path) -> None:
    with Store.open(home) as store:
        store.append(Event(0, AT, "message_sent", data={"text": "once"}))
    follower = subprocess.Popen(
        [*PROGRAM, "events", "-f"], env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert follower.stdout is not None and follower.stderr is not None
    assert b"once" in follower.stdout.readline()
    follower.stdout.close()  # and nothing happens any more that it could fail to write
    follower.wait(20)
    assert follower.stderr.read() == b""
    follower.stderr.close()


def test_entries_say_what_they_are_about_and_can_be_narrowed(home: Path) -> None:
    with Store.open(home) as store:
        one = store.create(a_session(task="fix-login"), AT)
        store.move(one.id, ended(), "session_ended", AT, data={"outcome": "completed", "tool_calls": 2})
        other = store.create(a_session(task="search", project="web"), AT)
        store.append(Event(0, AT, "mission_archived", one.mission_id, data={"folder": "/a\x1b[2J"}))
    rows = [json.loads(line) for line in sc("events", "--json").out.splitlines()]
    assert [(row["seq"], row["kind"], row["task"], row["project"]) for row in rows] == [
        (1, "session_created", "fix-login", "shop"),
        (2, "session_ended", "fix-login", "shop"),
        (3, "session_created", "search", "web"),
        (4, "mission_archived", "fix-login", "shop"),
    ]

    def seqs(*arguments: str) -> list[int]:
        return [json.loads(line)["seq"] for line in sc("events", "--json", *arguments).out.splitlines()]

    assert seqs("--project", "web") == [3]
    assert seqs("--session", other.id) == [3]
    assert seqs("--task", "fix-login", "-n", "2") == [2, 4]
    assert seqs("--kind", "session_created", "--kind", "session_ended", "--after", "1") == [2, 3]
    assert seqs("--after", "4") == []
    said = sc("events", "-n", "3").out
    assert "completed: 2 tool calls" in said
    assert r"archived: /a\x1b[2J" in said
