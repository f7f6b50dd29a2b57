"""`sc ls` with 50 live and 10,000 ended sessions. `python -m bench.listing`

The live ones are real: 25 containers and 25 windows. The ended ones are rows.
"""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta

from bench.measure import Figure, median_ms, print_figures
from bench.workshop import Workshop, workshop
from scopecraft.model.clock import to_text
from scopecraft.model.ids import new_session_id
from scopecraft.model.session import Completed, Ended, Session
from scopecraft.state.rows import insert_session

LIVE_OF_EACH_KIND = 25
ENDED = 10_000
ROUNDS = 15


def figures() -> list[Figure]:
    with workshop() as shop:
        _make_live(shop)
        make_ended(shop)
        # once to look at what is there: nothing is left to settle afterwards
        shown = shop.sc("ls")
        alive = shown.count(" running ")
        assert alive == 2 * LIVE_OF_EACH_KIND, f"{alive} sessions are alive"
        floor = median_ms(lambda: subprocess.run([sys.executable, "-c", "import click"], check=True), ROUNDS)
        ours = median_ms(lambda: shop.sc("ls"), ROUNDS)
        everything = median_ms(lambda: shop.sc("ls", "--all"), 5)
    what = f"sc ls, {2 * LIVE_OF_EACH_KIND} live and {ENDED:,} ended (floor: python + click)"
    return [
        Figure(what, floor, ours, "ms", "under 100 ms"),
        Figure(f"sc ls --all of the same {ENDED:,}", floor, everything, "ms", ""),
    ]


def _make_live(shop: Workshop) -> None:
    shop.sc("queue", "limit", "--running", "100")
    for number in range(LIVE_OF_EACH_KIND):
        shop.sc("run", f"box-{number}", "--agent", "plain", "-m", "x", "--detach", "--", "sleep", "3600")
        shop.sc("dispatch", f"window-{number}", "--agent", "plain", "--", "sleep", "3600")


def make_ended(shop: Workshop) -> None:
    """Rows of sessions that are over; the home has a database afterwards, whatever it had before."""
    shop.sc("ls")
    begin = datetime.now(UTC) - timedelta(days=30)
    # one transaction: 10,000 durable commits would take minutes and measure nothing here
    with closing(sqlite3.connect(shop.home / "scopecraft.db")) as connection, connection:
        for number in range(ENDED):
            insert_session(connection, _ended(begin + timedelta(seconds=number), number))


def _ended(at: datetime, number: int) -> Session:
    text = to_text(at)
    session_id = new_session_id(at)
    return Session(
        id=session_id,
        mission_id=f"m-{session_id[2:]}",
        task=f"task-{number}",
        project="repository",
        step_id="implementation",
        attempt=1,
        agent="claude",
        dialect="claude",
        executor="container",
        mode="autonomous",
        branch=f"feature/task-{number}",
        worktree=f"/worktrees/task-{number}",
        created_at=text,
        status=Ended(text, text, Completed()),
    )


if __name__ == "__main__":
    print_figures(figures())
