"""`sc mission cat`: an artifact, as it is or as it was."""

from __future__ import annotations

import os
from pathlib import Path

import click

from scopecraft.cli.artifacts import print_artifact, print_pieces
from scopecraft.cli.command import command
from scopecraft.errors import BadInput, NotFound
from scopecraft.missions.versions import agent_version, read_version, version_named, versions_of
from scopecraft.sessions.context import Context
from scopecraft.sessions.places import mission_named


@command(
    "cat",
    examples=(
        ("sc mission cat fix-login plan.md", "as it is now"),
        ("sc mission cat fix-login plan.md --agent", "as an agent left it, whatever you made of it since"),
        ("sc mission cat fix-login plan.md --version 1", "as it was once"),
    ),
)
@click.argument("task")
@click.argument("artifact")
@click.option("--version", "number", type=int, metavar="N", help="This version; sc mission ls --json lists them.")
@click.option("--agent", is_flag=True, help="What an agent's session left last.")
@click.option("--project", help="Of the project by this name, wherever you are.")
def cat(task: str, artifact: str, number: int | None, agent: bool, project: str | None) -> None:
    """Print ARTIFACT of TASK.

    Into a file or a pipe it goes byte for byte. At a terminal whatever could steer that is written out, since an agent
    may have written it. Links, pipes and what is longer than 64 MiB are not read.
    """
    if agent and number is not None:
        raise BadInput("--version and --agent exclude each other", "leave one of them out")
    context = Context.of(os.environ)
    mission = mission_named(context, task, Path.cwd(), project)
    if number is None and not agent:
        print_artifact(context, mission, artifact)
        return
    if number is not None:
        version = version_named(context.home, mission, artifact, number)
    else:
        left = agent_version(versions_of(context.home, mission, artifact))
        if left is None:
            raise NotFound(
                f"no agent has left {artifact} for {mission.slug} yet",
                f"see what is there: sc mission ls {mission.slug}",
            )
        version = left
    with read_version(context.home, mission, version) as pieces:
        print_pieces(pieces)
