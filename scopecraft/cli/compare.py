"""`sc compare`: missions side by side, such as the same prompt given to several agents."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scopecraft.cli.changed_files import totals
from scopecraft.cli.command import command
from scopecraft.cli.ls import tones_of, word_of
from scopecraft.cli.patch_output import lines_of_part, show_lines, write_part
from scopecraft.cli.say import note, say
from scopecraft.cli.table import Cell, Column, Row, print_json, print_table
from scopecraft.cli.terminal import has_colour, is_terminal, paint, width_of
from scopecraft.errors import BadInput
from scopecraft.model.duration import duration_text
from scopecraft.model.text import clean_line
from scopecraft.model.usage_words import count_text
from scopecraft.sessions.context import Context

if TYPE_CHECKING:
    from scopecraft.model.mission import Mission
    from scopecraft.sessions.comparison import Compared
    from scopecraft.sessions.mission_diff import Part

_COLUMNS = (
    Column("TASK", least=8),
    Column("AGENT", least=4),
    Column("STATE"),
    Column("TOOK", right=True),
    Column("IN", right=True),
    Column("OUT", right=True),
    Column("COST", right=True),
    Column("COMMITS", right=True),
    Column("FILES", right=True),
    Column("ADDED", right=True),
    Column("DELETED", right=True),
)
# what a terminal has no room for is left out; a pipe always gets the same columns
_LEFT_OUT = ((100, {"IN", "OUT"}), (84, {"COMMITS"}), (72, {"TOOK", "AGENT"}))


@command(
    "compare",
    examples=(
        ("sc compare fix-login", "all that was begun by: sc run fix-login --agents claude,codex"),
        ("sc compare fix-login add-login", "two tasks of any kind"),
        ("sc compare fix-login-claude fix-login-codex --diff", "the one's work against the other's"),
    ),
)
@click.argument("tasks", nargs=-1, required=True, metavar="TASK...")
@click.option("--diff", "as_diff", is_flag=True, help="The difference between the work of two.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--project", help="Of the project by this name, wherever you are.")
def compare(tasks: tuple[str, ...], as_diff: bool, as_json: bool, project: str | None) -> None:
    """Compare TASKs: agent, outcome, time, tokens and cost as the agent tells them, commits and changed lines.

    One TASK alone means all its siblings: the missions that got the same prompt with --agents. What is not committed
    counts too, and is marked. Time is that of all sessions of a mission together; what you ran there yourself, with
    sc exec or in a shell, does not count.
    """
    from scopecraft.sessions.comparison import compare as compared
    from scopecraft.sessions.comparison import compared_missions

    if as_diff and as_json:
        raise BadInput("--diff is a patch and --json is not", "choose one of them")
    context = Context.of(os.environ)
    missions = compared_missions(context, tasks, Path.cwd(), project)
    if as_diff:
        _diff(context, missions)
        return
    rows = list(compared(context, missions))
    if as_json:
        print_json([_json(row) for row in rows])
        return
    _print(rows)
    if any(row.is_uncommitted for row in rows):
        note("* with work that is not committed")
    names = [clean_line(mission.slug) for mission in missions[:2]]
    both = f"   of two against each other: sc compare {' '.join(names)} --diff" if len(names) == 2 else ""
    note(f"the change of one: sc diff {names[0]}{both}")


def _print(rows: list[Compared]) -> None:
    width = width_of(sys.stdout)
    without = {name for least, names in _LEFT_OUT if 0 < width < least for name in names}
    shown = [number for number, column in enumerate(_COLUMNS) if column.title not in without]
    cells = [_cells(row) for row in rows]
    print_table([_COLUMNS[number] for number in shown], [[row[number] for number in shown] for row in cells])


def _diff(context: Context, missions: list[Mission]) -> None:
    from scopecraft.sessions.comparison import between

    if len(missions) != 2:
        named = ", ".join(clean_line(mission.slug) for mission in missions)
        raise BadInput(f"--diff is between two tasks, and these are {len(missions)}: {named}", "name two of them")
    one, other = missions
    with between(context, one, other) as part:
        if not part.files:
            say(f"{one.slug} and {other.slug} have the very same files")
        elif is_terminal(sys.stdout):
            lines = _lines(part, f"{clean_line(one.slug)} to {clean_line(other.slug)}")
            show_lines(lines, f"sc compare {clean_line(one.slug)} {clean_line(other.slug)} --diff")
        else:
            write_part(part)


def _lines(part: Part, heading: str) -> Generator[str, None, None]:
    colour = has_colour(sys.stdout)
    text = f"{heading}: {totals(part.files)}"
    yield paint(text, "bold", "yellow") if colour else text
    yield ""
    yield from lines_of_part(part, colour=colour)


def _cells(row: Compared) -> Row:
    session = row.latest.session if row.latest else None
    state = Cell(word_of(row.latest), tones_of(row.latest)) if row.latest else Cell("not begun", ("dim",))
    usage = row.usage
    mark = "*" if row.is_uncommitted else ""
    return [
        row.mission.slug,
        (session.agent + (f" {session.model}" if session.model else "")) if session else "-",
        state,
        duration_text(row.seconds) if session else "-",
        count_text(usage.input_tokens + usage.cache_read_tokens + usage.cache_write_tokens) if usage else "-",
        count_text(usage.output_tokens) if usage else "-",
        f"${usage.cost_usd:.2f}" if usage and usage.cost_usd is not None else "-",
        str(row.commits),
        f"{len(row.files)}{mark}",
        Cell(f"+{sum(file.additions or 0 for file in row.files)}", ("green",)),
        Cell(f"-{sum(file.deletions or 0 for file in row.files)}", ("red",)),
    ]


def _json(row: Compared) -> dict[str, Any]:
    session = row.latest.session if row.latest else None
    return {
        "mission_id": row.mission.id,
        "task": row.mission.slug,
        "project": row.mission.project,
        "group": row.mission.group,
        "agent": session.agent if session else None,
        "model": session.model if session else None,
        "state": word_of(row.latest) if row.latest else None,
        "detail": row.latest.detail if row.latest else None,
        "seconds": round(row.seconds, 3),
        "usage": asdict(row.usage) if row.usage else None,
        "commits": row.commits,
        "files": len(row.files),
        "additions": sum(file.additions or 0 for file in row.files),
        "deletions": sum(file.deletions or 0 for file in row.files),
        "uncommitted": row.is_uncommitted,
    }
