"""What a mission has used: by run, and in all."""

from __future__ import annotations

from datetime import datetime

from scopecraft.cli.table import Cell, Column, Row, table_lines
from scopecraft.cli.terminal import paint
from scopecraft.model import clock
from scopecraft.model.activity import Usage
from scopecraft.model.duration import duration_text
from scopecraft.model.mission_words import money_text
from scopecraft.model.session import Ended, Queued, began_at
from scopecraft.model.usage_words import count_text
from scopecraft.sessions.mission_page import MissionPage, Run
from scopecraft.supervisor.watching import Activities

_COLUMNS = (
    Column("STEP", least=8),
    Column("AGENT", least=6),
    Column("TIME", right=True),
    Column("IN", right=True),
    Column("OUT", right=True),
    Column("CACHE", right=True),
    Column("COST", right=True),
)


def usage_lines(page: MissionPage, activities: Activities, now: datetime, width: int) -> list[str]:
    """What live sessions have used so far counts in, where the supervisor follows them."""
    runs = [(run, _usage(run, activities)) for run in page.runs]
    if not runs:
        return [paint("nothing was used yet", "dim")]
    rows: list[Row] = [_row(run, usage, now) for run, usage in runs]
    costs = [usage.cost_usd for _, usage in runs if usage.cost_usd is not None]
    rows.append(
        (
            Cell("in all", ("bold",)),
            "",
            "",
            Cell(count_text(sum(usage.input_tokens for _, usage in runs)), ("bold",)),
            Cell(count_text(sum(usage.output_tokens for _, usage in runs)), ("bold",)),
            Cell(count_text(sum(usage.cache_read_tokens + usage.cache_write_tokens for _, usage in runs)), ("bold",)),
            Cell(money_text(sum(costs) if costs else None), ("bold",)),
        )
    )
    return table_lines(_COLUMNS, rows, width=width, colour=True)


def _row(run: Run, usage: Usage, now: datetime) -> Row:
    session = run.session
    name = f"{session.step_id} {session.attempt}" if session.attempt > 1 else session.step_id
    time = ""
    if not isinstance(session.status, Queued):
        end = clock.from_text(session.status.ended_at) if isinstance(session.status, Ended) else now
        time = duration_text((end - clock.from_text(began_at(session))).total_seconds())
    return (
        name,
        session.model or session.agent,
        time,
        count_text(usage.input_tokens),
        count_text(usage.output_tokens),
        count_text(usage.cache_read_tokens + usage.cache_write_tokens),
        money_text(usage.cost_usd),
    )


def _usage(run: Run, activities: Activities) -> Usage:
    live = activities.get(run.session.id)
    if live is None:
        return run.usage
    cost = live.get("cost_usd")
    return Usage(
        input_tokens=int(live.get("input_tokens") or 0),
        output_tokens=int(live.get("output_tokens") or 0),
        cache_read_tokens=int(live.get("cache_read_tokens") or 0),
        cache_write_tokens=int(live.get("cache_write_tokens") or 0),
        cost_usd=float(cost) if isinstance(cost, int | float) else None,
    )
