"""`sc mission ls`: the artifacts of a mission."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from scopecraft.cli.command import command
from scopecraft.cli.say import note
from scopecraft.cli.table import Cell, Column, print_json, print_table
from scopecraft.model.text import clean_line
from scopecraft.sessions.artifacts_seen import ArtifactSeen, artifacts_seen
from scopecraft.sessions.context import Context
from scopecraft.sessions.places import mission_named

_COLUMNS = (
    Column("ARTIFACT", least=12),
    Column("SIZE", right=True),
    Column("LAST BY", least=8),
    Column("VERSIONS", right=True),
    Column("STEPS", least=12),
    Column("APPROVED", least=8),
)


@command(
    "ls",
    examples=(
        ("sc mission ls fix-login", "what there is, and whose it is"),
        ("sc mission ls fix-login --json", "with every version, for programs"),
    ),
)
@click.argument("task")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--project", help="Of the project by this name, wherever you are.")
def ls(task: str, as_json: bool, project: str | None) -> None:
    """List the artifacts of TASK: size, who wrote what is there now, how many versions were kept, the steps that write,
    read or review it, and whether it is what was approved.

    What cannot be read is listed with the reason, and nothing of scopecraft opens it.
    """
    context = Context.of(os.environ)
    mission = mission_named(context, task, Path.cwd(), project)
    seen = artifacts_seen(context, mission)
    if as_json:
        print_json([_json(each) for each in seen])
        return
    if seen:
        print_table(_COLUMNS, [_row(each) for each in seen])
    else:
        note(f"{mission.slug} has no artifacts")
    for each in seen:
        if each.artifact.refusal:
            note(f"{clean_line(each.artifact.name)} cannot be read: {each.artifact.refusal}")


def _row(seen: ArtifactSeen) -> list[str | Cell]:
    from scopecraft.model.usage_words import count_text

    is_readable = not seen.artifact.refusal
    return [
        seen.artifact.name if is_readable else Cell(seen.artifact.name, ("dim",)),
        count_text(seen.artifact.size) if is_readable else "",
        seen.by or "",
        str(len(seen.versions) or ""),
        _steps(seen),
        _approved(seen),
    ]


def _steps(seen: ArtifactSeen) -> str:
    words = (("written by", seen.written_by), ("read by", seen.read_by), ("reviewed at", seen.reviewed_at))
    return "; ".join(f"{word} {', '.join(steps)}" for word, steps in words if steps)


def _approved(seen: ArtifactSeen) -> str | Cell:
    if seen.approval is None:
        return ""
    if seen.is_as_approved:
        return Cell(f"by {seen.approval.by}", ("green",))
    return Cell("changed since", ("yellow",))


def _json(seen: ArtifactSeen) -> dict[str, Any]:
    approval = seen.approval
    return {
        **asdict(seen.artifact),
        "by": seen.by,
        "versions": [asdict(version) for version in seen.versions],
        "written_by": list(seen.written_by),
        "read_by": list(seen.read_by),
        "reviewed_at": list(seen.reviewed_at),
        "approved": {"by": approval.by, "at": approval.at, "holds": seen.is_as_approved} if approval else None,
    }
