"""`sc usage`: what agents used, by day, agent, model or mission."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import date

import click

from scopecraft.cli.command import command
from scopecraft.cli.say import note, say, warn
from scopecraft.cli.table import Cell, Column, print_json, print_table
from scopecraft.errors import UsageProblem
from scopecraft.model import clock
from scopecraft.model.mission_words import money_text
from scopecraft.model.usage_words import count_text
from scopecraft.sessions.context import Context
from scopecraft.sessions.usage import WEEK_DAYS, Days, UsageReport, UsageRow, row_dict, tokens_in, usage_report
from scopecraft.state.used import DIMENSIONS, Dimension
from scopecraft.supervisor.watching import activities_of

MOST_ROWS = 30


@command(
    "usage",
    examples=(
        ("sc usage", "the last seven days"),
        ("sc usage --by mission --days 30", "which missions cost most in a month"),
        ("sc usage --by model --all", "all there ever was, by model"),
        ("sc usage --from 2026-03-01 --to 2026-03-31 --json", "a month, for programs"),
    ),
)
@click.option("--by", type=click.Choice(DIMENSIONS), default="day", help="What is summed up; day where left out.")
@click.option("--days", "count", type=click.IntRange(1, 3650), metavar="COUNT", help="The last so many, with today.")
@click.option("--all", "everything", is_flag=True, help="All there ever was.")
@click.option("--from", "first", metavar="DAY", help="From this day on, as 2026-03-01.")
@click.option("--to", "last", metavar="DAY", help="Until this day, with it.")
@click.option("--project", help="Only missions of this project.")
@click.option("-n", "most", type=click.IntRange(min=1), metavar="ROWS", help=f"At most so many; else {MOST_ROWS}.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def usage(
    *,
    by: Dimension,
    count: int | None,
    everything: bool,
    first: str | None,
    last: str | None,
    project: str | None,
    most: int | None,
    as_json: bool,
) -> None:
    """Sum up tokens and costs as agents told them, of sessions that ended and of those that work.

    A cost with >= is at least that much: some of its sessions named none, which is not the same as free.
    """
    context = Context.of(os.environ)
    now = clock.now()
    days = _days(now.astimezone().date(), count, (first, last), everything=everything)
    report = usage_report(context, days, [by], live=activities_of(context.home), project=project, now=now)
    for notice in context.store.notices:
        warn(notice)
    if as_json:
        rows = _first(report.rows[by], by, most)
        print_json({"by": by, "rows": [row_dict(row) for row in rows], "total": row_dict(report.total)})
    elif report.total.sessions:
        _print(report, by, most)
    else:
        say("nothing was used")
        note("all there ever was: sc usage --all")


def _days(today: date, count: int | None, ends: tuple[str | None, str | None], *, everything: bool) -> Days:
    if sum((count is not None, any(ends), everything)) > 1:
        raise UsageProblem("--days, --all and --from with --to exclude each other", "give one of them")
    if any(ends):
        return Days.of_text(*ends)
    return Days() if everything else Days.last_ones(count or WEEK_DAYS, today)


def _print(report: UsageReport, by: Dimension, most: int | None) -> None:
    rows = report.rows[by]
    shown = _first(rows, by, most or MOST_ROWS)
    columns = [Column(by.upper(), least=8), *(Column(title, right=True) for title in ("COST", "IN", "OUT", "SESSIONS"))]
    total = ["in all", *_numbers(report.total)]
    print_table(columns, [[_name(row), *_numbers(row)] for row in shown] + [[Cell(text, ("bold",)) for text in total]])
    if len(rows) > len(shown):
        note(f"{len(rows) - len(shown)} more are not shown: sc usage -n {len(rows)}")
    if report.total.untold:
        note(f"{report.total.untold} of {report.total.sessions} sessions named no cost: it is not in these sums")


def _first(rows: Sequence[UsageRow], by: Dimension, most: int | None) -> Sequence[UsageRow]:
    """The latest days, or the dearest of everything else."""
    if most is None:
        return rows
    return rows[-most:] if by == "day" else rows[:most]


def _name(row: UsageRow) -> str:
    return row.name or "not named"


def _numbers(row: UsageRow) -> list[str]:
    usage = row.usage
    cost = money_text(usage.cost_usd)
    return [
        f">= {cost}" if row.untold and cost else cost or ("unknown" if row.sessions else "-"),
        count_text(tokens_in(usage)),
        count_text(usage.output_tokens),
        str(row.sessions),
    ]
