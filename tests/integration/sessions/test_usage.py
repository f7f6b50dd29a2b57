"""What agents used, in sums: of sessions that ended by the journal, and of those that work by what was heard."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from scopecraft.config.paths import Home, make_home
from scopecraft.errors import BadInput
from scopecraft.missions.advance import VISIT_STEP
from scopecraft.model.session import Ended, Failed, Queued, Session
from scopecraft.sessions.context import Context
from scopecraft.sessions.usage import Days, UsageReport, usage_report
from scopecraft.state.used import DIMENSIONS
from tests.support.sessions import AT, a_session, ended, running

NOW = datetime(2026, 3, 7, 12, tzinfo=UTC)
WEEK = Days(date(2026, 3, 1), date(2026, 3, 7))
NOBODY: dict[str, dict[str, float]] = {}


@pytest.fixture
def context(tmp_path: Path) -> Iterator[Context]:
    home = Home(tmp_path / "home")
    make_home(home)
    context = Context(home, {**os.environ, "SCOPECRAFT_HOME": str(home.root)})
    yield context
    context.store.close()


def worked(context: Context, at: str, cost_usd: float | None, tokens: int = 1000, **changes: object) -> Session:
    told = changes.pop("told_model", None)
    session = context.store.create(a_session(**changes), AT)
    used = {"outcome": "completed", "input_tokens": tokens, "output_tokens": 10, "cost_usd": cost_usd, "model": told}
    context.store.move(session.id, running(), "session_started", AT)
    assert context.store.move(session.id, ended(), "session_ended", at, data=used)
    return session


def report(context: Context, days: Days = WEEK, project: str | None = None) -> UsageReport:
    return usage_report(context, days, DIMENSIONS, live=NOBODY, project=project, now=NOW)


def test_days_agents_models_and_missions_add_up_and_an_untold_cost_is_not_free(context: Context) -> None:
    first = worked(context, "2026-03-02T12:00:00.000Z", 1.5, agent="claude", told_model="opus-4", model="opus")
    worked(context, "2026-03-02T13:00:00.000Z", 0.5, mission_id=first.mission_id, step_id="review", agent="codex")
    worked(context, "2026-03-05T12:00:00.000Z", None, agent="codex", task="other", project="blog")
    worked(context, "2026-02-20T12:00:00.000Z", 9.0, agent="claude")
    told = report(context)
    assert (told.total.usage.cost_usd, told.total.sessions, told.total.untold) == (2.0, 3, 1)
    days = {row.key: row.usage.cost_usd for row in told.rows["day"]}
    assert len(days) == 7 and days["2026-03-02"] == 2.0 and days["2026-03-05"] is None
    assert [(row.name, row.usage.cost_usd, row.untold) for row in told.rows["agent"]] == [
        ("claude", 1.5, 0),
        ("codex", 0.5, 1),
    ]
    assert [row.key for row in told.rows["model"]] == ["opus-4", ""]
    assert [(row.name, row.sessions, row.project) for row in told.rows["mission"]] == [
        ("fix-login", 2, "shop"),
        ("other", 1, "blog"),
    ]
    assert report(context, Days()).total.usage.cost_usd == 11.0
    assert report(context, project="blog").total.sessions == 1


def test_who_works_now_counts_today_with_what_was_heard(context: Context) -> None:
    ended_one = worked(context, "2026-03-07T08:00:00.000Z", 1.0)
    talking = context.store.create(a_session(mission_id=ended_one.mission_id), AT)
    silent = context.store.create(a_session(task="silent"), AT)
    for session in (talking, silent):
        context.store.move(session.id, running(), "session_started", AT)
    context.store.create(a_session(status=Queued(AT)), AT)
    told = usage_report(context, WEEK, DIMENSIONS, live={talking.id: {"cost_usd": 0.25, "input_tokens": 40}}, now=NOW)
    today = told.rows["day"][-1]
    assert (today.key, today.sessions, today.live, today.untold) == ("2026-03-07", 3, 2, 1)
    assert today.usage.cost_usd == 1.25 and today.usage.input_tokens == 1040
    assert [(row.sessions, row.live) for row in told.rows["mission"]] == [(2, 1), (1, 1)]
    before = usage_report(context, Days(None, date(2026, 3, 6)), ["day"], live=NOBODY, now=NOW)
    assert before.total.sessions == 0


def test_what_never_ran_and_what_people_did_in_a_container_is_nobodys_usage(context: Context) -> None:
    waited = context.store.create(a_session(status=Queued(AT)), AT)
    failed = Ended(None, AT, Failed("the folder is gone"))
    context.store.move(waited.id, failed, "session_ended", "2026-03-02T12:00:00.000Z", data={"outcome": "failed"})
    worked(context, "2026-03-02T12:00:00.000Z", None, step_id=VISIT_STEP)
    told = report(context)
    assert told.total.sessions == 0 and told.rows["agent"] == ()


@pytest.mark.parametrize(("first", "last"), [("soon", None), ("2026-03-02", "2026-03-01")])
def test_days_that_are_none_are_refused_with_a_sentence(first: str, last: str | None) -> None:
    with pytest.raises(BadInput) as refused:
        Days.of_text(first, last)
    assert refused.value.hint
