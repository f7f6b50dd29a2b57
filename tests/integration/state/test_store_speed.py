"""What `sc ls` may cost the store: 10,000 sessions that ended, and 50 that live."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from scopecraft.state.connection import writing
from scopecraft.state.rows import insert_event, insert_session, session_event
from scopecraft.state.store import Store
from scopecraft.state.used import DIMENSIONS, Span
from tests.support.sessions import AT, LATER, a_session, ended, running

ROOT = Path(__file__).parents[3]
ENDED, LIVE = 10_000, 50


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("full") / "scopecraft"
    with Store.open(home):
        pass
    with closing(sqlite3.connect(home / "scopecraft.db", isolation_level=None)) as connection, writing(connection):
        for number in range(ENDED + LIVE):
            # Those that live are spread among those that ended.
            live = number % ((ENDED + LIVE) // LIVE) == 0
            session = a_session(
                id=f"r-{number:016x}", mission_id=f"m-{number:016x}", status=running() if live else ended()
            )
            insert_session(connection, session)
            insert_event(connection, session_event(session, "session_created", AT, {}))
            insert_event(connection, session_event(session, "session_ended", LATER, {}))
    return home


def fastest_ms(action: Callable[[], object], times: int = 25) -> float:
    """The machine is shared: its best of many says what the code costs."""
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        action()
        taken.append(time.perf_counter() - begun)
    return min(taken) * 1000


def test_the_live_ones_are_found_at_once_among_all(home: Path) -> None:
    with Store.open(home) as store:
        assert len(store.live()) == LIVE
        assert fastest_ms(store.live) < 2


def test_opening_costs_little_however_much_is_stored(home: Path) -> None:
    assert fastest_ms(lambda: Store.open(home).close()) < 5


def test_a_page_a_name_and_a_mission_are_found_at_once(home: Path) -> None:
    with Store.open(home) as store:
        assert fastest_ms(lambda: store.sessions(limit=50)) < 2
        assert fastest_ms(lambda: store.latest_of(f"m-{77:016x}")) < 1
        assert fastest_ms(lambda: store.matching(f"{77:016x}")) < 1
        assert fastest_ms(lambda: store.matching("2f3a")) < 10
        assert fastest_ms(lambda: store.events(session_id=f"r-{77:016x}")) < 1
        assert fastest_ms(lambda: store.events(after=2 * (ENDED + LIVE) - 5)) < 1


def test_what_a_week_has_used_costs_as_much_as_the_week_has_ends(home: Path) -> None:
    with Store.open(home) as store:
        assert sum(row.sessions for row in store.used(Span(), ["day"])["day"]) == ENDED + LIVE
        of_all = fastest_ms(lambda: store.used(Span(), DIMENSIONS), 3)
        assert fastest_ms(lambda: store.used(Span(since="2026-03-02"), DIMENSIONS)) < of_all / 10


def test_a_durable_move_costs_the_same_however_much_is_stored(home: Path) -> None:
    with Store.open(home) as store:
        sessions = iter([store.create(a_session(), AT) for _ in range(11)])
        assert fastest_ms(lambda: store.move(next(sessions).id, running(), "session_started", AT), 10) < 25


def test_opening_the_store_imports_nothing_heavy() -> None:
    heavy = ("pydantic", "docker", "libtmux", "watchdog", "rich", "click", "orjson", "asyncio", "logging", "hashlib")
    program = f"import sys, scopecraft.state.store; print([name for name in {heavy!r} if name in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert answer.stdout.strip() == "[]"
