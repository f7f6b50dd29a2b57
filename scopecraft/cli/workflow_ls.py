"""`sc workflow ls`: the workflows that there are, and where each comes from."""

from __future__ import annotations

from typing import Any

import click

from scopecraft.cli.command import command
from scopecraft.cli.say import note, warn
from scopecraft.cli.table import Cell, Column, print_json, print_table
from scopecraft.cli.workflow_ground import ground_here, with_project
from scopecraft.config.workflow_reading import Entry

_COLUMNS = (
    Column("WORKFLOW"),
    Column("FROM"),
    Column("STEPS", right=True),
    Column("NAME", least=12),
)


@command(
    "ls",
    examples=(("sc workflow ls", "the first one is the default"), ("sc workflow ls --json", "with all their steps")),
)
@with_project
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def ls(project: str | None, as_json: bool) -> None:
    """List the workflows that a mission of this repository can follow; what is wrong with one stands below.

    Those of a repository count for a mission once you confirmed them.
    """
    from scopecraft.config.workflows import find_workflows

    ground = ground_here(project)
    listing = find_workflows(ground.shelves, ground.default)
    if as_json:
        print_json([_dict(entry, ground.default) for entry in listing.entries])
    else:
        print_table(_COLUMNS, [_row(entry, ground.default) for entry in listing.entries])
    problems = [*listing.problems, *(problem for entry in listing.entries for problem in entry.problems)]
    for problem in problems:
        warn(problem)
    if all(entry.id != ground.default for entry in listing.entries):
        warn(f"the default is {ground.default}, and there is none by that name", "sc config set missions.workflow ID")
    if problems:
        note("all of it: sc workflow check")


def _row(entry: Entry, default: str) -> tuple[Cell | str, ...]:
    if entry.workflow is None:
        return (Cell(entry.id, ("red",)), entry.source, "", Cell("cannot be used", ("red",)))
    name = f"{entry.workflow.name} (default)" if entry.id == default else entry.workflow.name
    return (Cell(entry.id, ("bold",)), entry.source, f"{len(entry.workflow.steps)}", name)


def _dict(entry: Entry, default: str) -> dict[str, Any]:
    from scopecraft.missions.recipe import workflow_dict

    row = {"workflow_id": entry.id, "source": entry.source}
    row |= workflow_dict(entry.workflow) if entry.workflow is not None else {}
    return row | {"where": entry.where, "is_default": entry.id == default, "problems": list(entry.problems)}
