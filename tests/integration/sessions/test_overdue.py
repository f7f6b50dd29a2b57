"""A container whose agent holds up the shell that keeps its time limit is ended by whoever looks."""

from __future__ import annotations

import json

import pytest

from scopecraft.sessions.overdue import ALLOWANCE_SECONDS
from tests.support.played import COMMIT, STARTED, Shop, check_invariants

pytestmark = [pytest.mark.engine, pytest.mark.image]

# the parent of an agent is its launcher
HELD_UP = f"{COMMIT}; kill -STOP $PPID; {STARTED}; while :; do sleep 1; done"


def begun(shop: Shop, seconds_ago: float) -> str:
    """The id of a session that is to take 60 s at most; by its facts it began so long ago."""
    shop.home.settings_file.write_text("[container]\ntimeout = 60\nstop_grace = 1\n")
    assert shop.run("fix-login", HELD_UP).code == 0
    session_id = shop.wait_started("fix-login").id
    facts = shop.path(session_id) / "facts.json"
    row = json.loads(facts.read_text())
    assert row["began_uptime"] > 0
    facts.write_text(json.dumps({**row, "began_uptime": row["began_uptime"] - seconds_ago}))
    return session_id


def test_an_agent_that_stops_its_launcher_is_timed_out_and_its_commits_are_taken(shop: Shop) -> None:
    session_id = begun(shop, 61 + ALLOWANCE_SECONDS)
    assert shop.outcome("fix-login") == {"kind": "timed_out", "limit_seconds": 60}
    assert shop.commits("feature/fix-login") == [session_id]
    assert "overdue" in shop.alerts(session_id)
    check_invariants(shop)


def test_one_that_is_late_has_time_to_read_out_its_commits(shop: Shop) -> None:
    session_id = begun(shop, 61)
    assert shop.row("fix-login")["state"] == "running"
    assert not shop.alerts(session_id)
    assert shop.sc("stop", session_id, "--now").code == 0
