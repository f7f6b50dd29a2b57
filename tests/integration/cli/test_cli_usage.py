"""`sc usage`: what agents used, for those who live in a terminal."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from pathlib import Path

from scopecraft.model import clock
from scopecraft.model.session import Completed, Ended, Starting
from scopecraft.state.store import Store
from tests.support.command_line import sc
from tests.support.sessions import a_session, running


def work(store: Store, cost_usd: float | None, days_ago: int, **changes: object) -> None:
    at = clock.to_text(clock.now() - timedelta(days=days_ago))
    session = store.create(a_session(created_at=at, status=Starting(at), **changes), at)
    store.move(session.id, running(), "session_started", at)
    told = {"outcome": "completed", "input_tokens": 41_000, "output_tokens": 900, "cost_usd": cost_usd}
    store.move(session.id, Ended(at, at, Completed()), "session_ended", at, data=told)


def test_what_was_used_is_summed_up_and_a_missing_cost_is_named() -> None:
    assert sc("init").code == 0
    empty = sc("usage")
    assert (empty.code, empty.out) == (0, "") and empty.err.startswith("nothing was used\n")
    with Store.open(Path(os.environ["SCOPECRAFT_HOME"])) as store:
        work(store, 1.25, 1, task="fix-login")
        work(store, None, 0, task="fix-login", agent="codex")
        work(store, 5.0, 20, task="old", agent="codex")
    week = sc("usage")
    assert week.out.splitlines()[-1].split() == ["in", "all", ">=", "$1.25", "82k", "1.8k", "2"]
    assert len(week.out.splitlines()) == 9 and "1 of 2 sessions named no cost" in week.err
    agents = sc("usage", "--by", "agent", "--all").out.splitlines()
    assert [line.split()[:3] for line in agents[1:3]] == [["codex", ">=", "$5.00"], ["claude", "$1.25", "41k"]]
    told = json.loads(sc("usage", "--by", "mission", "--days", "30", "-n", "1", "--json").out)
    assert [row["name"] for row in told["rows"]] == ["old"] and told["total"]["cost_usd"] == 6.25
    assert sc("usage", "--all", "--days", "3").code == 2
    refused = sc("usage", "--from", "tomorrow")
    assert refused.code == 2 and "no day" in refused.err
