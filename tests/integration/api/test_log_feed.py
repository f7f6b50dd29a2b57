"""Followers of a log get every row once, whenever they come, leave and come back."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from scopecraft.api.log_channel import KEPT_BYTES
from scopecraft.api.log_feed import LogFeed
from scopecraft.config.paths import Home, home_of, make_home
from scopecraft.model.session import Session
from scopecraft.sessions.context import Context
from scopecraft.state.store import Store
from scopecraft.supervisor.contexts import Contexts
from tests.support.sessions import LATER, a_session, ended, running

SECONDS = 10


@pytest.fixture
def home() -> Home:
    found = home_of(os.environ)
    make_home(found)
    return found


@pytest.fixture
def store(home: Home) -> Iterator[Store]:
    with Store.open(home.root) as opened:
        yield opened


@pytest.fixture
def session(home: Home, store: Store) -> Session:
    made = store.create(a_session(), LATER)
    Context(home, os.environ).folder(made.id).make()
    moved = store.move(made.id, running(), "session_started", LATER)
    assert moved is not None
    return moved


@pytest.fixture
def feed(home: Home) -> Iterator[LogFeed]:
    made = LogFeed(Contexts(home, os.environ))
    yield made
    made.close()


def line(words: str) -> bytes:
    return orjson.dumps({"type": "assistant", "message": {"content": [{"type": "text", "text": words}]}}) + b"\n"


def file_of(home: Home, session: Session) -> Path:
    return home.sessions / session.id / "stream.jsonl"


def append(file: Path, data: bytes) -> None:
    with file.open("ab") as stream:
        stream.write(data)


class Viewer:
    """Keeps what it is sent."""

    def __init__(self, feed: LogFeed, session: str, offset: int = 0) -> None:
        self.raw: list[bytes] = []
        self.logs: list[dict[str, Any]] = []
        self._news = asyncio.Event()
        self.task = asyncio.ensure_future(feed.follow(session, offset, self._take))

    async def _take(self, message: bytes) -> None:
        self.raw.append(message)
        self.logs.append(orjson.loads(message).get("log") or {"rows": [], "gone": True})
        self._news.set()

    @property
    def texts(self) -> list[str]:
        return [row["text"] for log in self.logs for row in log["rows"]]

    @property
    def offset(self) -> int:
        return int(self.logs[-1]["offset"])

    async def has(self, *texts: str) -> None:
        """Waits until it has exactly these."""
        async with asyncio.timeout(SECONDS):
            while self.texts != list(texts):
                assert self.texts == list(texts)[: len(self.texts)]
                await self._news.wait()
                self._news.clear()

    async def leave(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)

    async def done(self) -> None:
        await asyncio.wait_for(self.task, SECONDS)


def test_two_viewers_get_the_same_bytes_and_the_end(home: Home, store: Store, session: Session, feed: LogFeed) -> None:
    async def run() -> None:
        file = file_of(home, session)
        append(file, line("before"))
        first, second = Viewer(feed, session.id), Viewer(feed, session.id, len(line("before")))
        await first.has("before")
        append(file, line("one")[:9])
        append(file, line("one")[9:] + line("two"))
        await first.has("before", "one", "two")
        await second.has("one", "two")
        assert first.raw[1:] == second.raw
        append(file, line("last")[:-1])
        store.move(session.id, ended(), "session_ended", LATER)
        await first.done()
        await second.done()
        assert (first.texts[-1], second.texts[-1]) == ("last", "last")
        assert first.logs[-1]["ended"] is True
        late = Viewer(feed, session.id)
        await late.done()
        assert late.texts == first.texts

    asyncio.run(run())


def test_who_comes_back_misses_nothing_and_gets_nothing_twice(home: Home, session: Session, feed: LogFeed) -> None:
    async def run() -> None:
        file = file_of(home, session)
        stays = Viewer(feed, session.id)
        append(file, line("one"))
        await stays.has("one")
        leaves = Viewer(feed, session.id, stays.offset)
        append(file, line("two"))
        await leaves.has("two")
        await leaves.leave()
        append(file, line("three"))
        await stays.has("one", "two", "three")
        back = Viewer(feed, session.id, leaves.offset)
        await back.has("three")
        append(file, line("four"))
        await back.has("three", "four")
        await stays.has("one", "two", "three", "four")

    asyncio.run(run())


def test_who_is_slow_gets_all_of_it_while_nobody_waits_and_memory_stays_small(
    home: Home, session: Session, feed: LogFeed
) -> None:
    async def run() -> None:
        file = file_of(home, session)
        words = [f"{number} " + "x" * 3000 for number in range(4 * KEPT_BYTES // 3000)]
        gate = asyncio.Event()
        slow = Viewer(feed, session.id)
        take = slow._take

        async def hold(message: bytes) -> None:
            await gate.wait()
            await take(message)

        await slow.leave()
        slow.task = asyncio.ensure_future(feed.follow(session.id, 0, hold))
        fast = Viewer(feed, session.id)
        append(file, line("begin"))
        await fast.has("begin")
        for begin in range(0, len(words), 100):
            append(file, b"".join(map(line, words[begin : begin + 100])))
            await fast.has("begin", *words[: begin + 100])
        kept = feed._channels[session.id]._kept_bytes
        assert kept <= KEPT_BYTES
        gate.set()
        await slow.has("begin", *words)

    asyncio.run(run())


def test_a_file_that_became_shorter_says_so_and_is_read_on(home: Home, session: Session, feed: LogFeed) -> None:
    async def run() -> None:
        file = file_of(home, session)
        append(file, line("one") + line("two"))
        viewer = Viewer(feed, session.id)
        await viewer.has("one", "two")
        os.truncate(file, 10)
        async with asyncio.timeout(SECONDS):
            while "truncated" not in viewer.texts[-1]:
                await asyncio.sleep(0.01)
        append(file, b"\n" + line("three"))
        async with asyncio.timeout(SECONDS):
            while viewer.texts[-1] != "three":
                await asyncio.sleep(0.01)
        assert viewer.offset == file.stat().st_size
        ahead = Viewer(feed, session.id, 10**9)
        async with asyncio.timeout(SECONDS):
            while not ahead.texts:
                await asyncio.sleep(0.01)
        assert "truncated" in ahead.texts[0] and ahead.offset == viewer.offset

    asyncio.run(run())


def test_a_session_that_is_not_there_is_gone(feed: LogFeed) -> None:
    async def run() -> None:
        viewer = Viewer(feed, "r-0000000000000000")
        await viewer.done()
        assert orjson.loads(viewer.raw[0]) == {"gone": {"session": "r-0000000000000000"}}

    asyncio.run(run())


def test_a_session_in_line_is_followed_from_its_first_line_on(home: Home, store: Store, feed: LogFeed) -> None:
    async def run() -> None:
        made = store.create(a_session(), LATER)
        viewer = Viewer(feed, made.id)
        await asyncio.sleep(0)
        Context(home, os.environ).folder(made.id).make()
        append(file_of(home, made), line("hello"))
        await viewer.has("hello")

    asyncio.run(run())
