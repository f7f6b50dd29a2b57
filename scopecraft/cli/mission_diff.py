"""`sc mission diff`: what a person has made of an agent's artifact."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from pathlib import Path

import click

from scopecraft.cli.command import command
from scopecraft.cli.patch_output import show_lines
from scopecraft.cli.say import note
from scopecraft.cli.terminal import has_colour, is_terminal
from scopecraft.missions.versions import Version
from scopecraft.model.text import clean_line
from scopecraft.sessions.artifact_diff import ArtifactDiff, artifact_diff
from scopecraft.sessions.context import Context
from scopecraft.sessions.places import mission_named


@command(
    "diff",
    examples=(
        ("sc mission diff fix-login plan.md", "what you made of what the agent wrote"),
        ("sc mission diff fix-login plan.md --versions 1 2", "between two versions"),
    ),
)
@click.argument("task")
@click.argument("artifact")
@click.option("--versions", "numbers", type=int, nargs=2, metavar="A B", help="Compare these two versions.")
@click.option("--project", help="Of the project by this name, wherever you are.")
def diff(task: str, artifact: str, numbers: tuple[int, int] | None, project: str | None) -> None:
    """Show what has become of ARTIFACT of TASK since an agent's session left it, as a unified diff.

    Where no agent has left it, since its oldest version. At a terminal control characters are written out, and long
    output goes through $PAGER or less; into a file or a pipe it goes as it is.
    """
    context = Context.of(os.environ)
    mission = mission_named(context, task, Path.cwd(), project)
    found = artifact_diff(context, mission, artifact, numbers)
    if found.hunks is None:
        note(f"{artifact} is the same: {_named(found.before)}, and {_named(found.after)}")
    elif is_terminal(sys.stdout):
        show_lines(_lines(found, artifact), f"sc mission diff {clean_line(mission.slug)} {artifact}")
    else:
        sys.stdout.buffer.write(_patch(found, artifact))


def _lines(found: ArtifactDiff, name: str) -> Generator[str, None, None]:
    from scopecraft.cli.patch_text import patch_lines

    yield from patch_lines([_patch(found, name)], colour=has_colour(sys.stdout))


def _patch(found: ArtifactDiff, name: str) -> bytes:
    if not found.hunks:
        return f"{name} is no text, and differs: {_named(found.before)}, and {_named(found.after)}\n".encode()
    heads = f"--- a/{name}\t{_named(found.before)}\n+++ b/{name}\t{_named(found.after)}\n"
    return heads.encode("utf-8", "surrogateescape") + found.hunks


def _named(version: Version | None) -> str:
    return f"version {version.number} of {version.at} by {clean_line(version.by)}" if version else "as it is now"
