"""`sc mission put`: a person's own text in the place of an artifact."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from scopecraft.cli.command import command
from scopecraft.cli.say import note, say
from scopecraft.cli.terminal import is_terminal
from scopecraft.errors import BadInput
from scopecraft.sessions.context import Context
from scopecraft.sessions.person import person_name, refuse_agents
from scopecraft.sessions.places import mission_named

if TYPE_CHECKING:
    from scopecraft.sessions.artifact_changes import ArtifactChange

_PIECE_BYTES = 1 << 20


@command(
    "put",
    examples=(
        ("sc mission put fix-login plan.md -f plan.md", "a file of yours"),
        ("echo 'keep it small' | sc mission put fix-login notes.md", "what another program writes"),
    ),
)
@click.argument("task")
@click.argument("artifact")
@click.option("-f", "--file", "file", type=click.Path(path_type=Path), help="Take it from here; - is standard input.")
@click.option("--project", help="Of the project by this name, wherever you are.")
def put(task: str, artifact: str, file: Path | None, project: str | None) -> int | None:
    """Put a text of yours, or any file, in the place of ARTIFACT of TASK, or make it.

    What was there is kept as a version: sc mission diff shows the difference, sc mission cat prints it. A gate that
    approved something else opens again. Refused while a step is at work that writes ARTIFACT.

    This is for a person: inside a session of an agent it is refused.
    """
    from scopecraft.sessions.artifact_changes import put_artifact

    refuse_agents(os.environ, "sc mission put")
    context = Context.of(os.environ)
    mission = mission_named(context, task, Path.cwd(), project)
    content = _content(artifact, file)
    return tell_change(context, put_artifact(context, mission, artifact, content, person_name(context)))


def tell_change(context: Context, change: ArtifactChange) -> int | None:
    """What was done, and what that means for the mission; the command's exit code."""
    from scopecraft.cli.mission_moved import moved

    version, mission = change.version, change.mission
    if not change.is_new:
        note(f"{version.name} of {mission.slug} is that already; nothing was changed")
        return None
    done = f"{version.name} of {mission.slug} is changed: {version.size} bytes, version {version.number}"
    if not mission.steps:
        say(done)
        return None
    return moved(context, mission, done, as_json=False)


def _content(artifact: str, file: Path | None) -> bytes:
    """Raises BadInput for nothing, too much, and what cannot be read."""
    if file is not None and str(file) != "-":
        try:
            with file.open("rb") as stream:
                return _read(artifact, stream)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise BadInput(f"{file} cannot be read: {reason}", "name a file, or - for standard input") from error
    if is_terminal(sys.stdin):
        raise BadInput("there is nothing to put", "name a file: -f FILE, or pipe a text into it")
    try:
        content = _read(artifact, sys.stdin.buffer)
    except (OSError, ValueError, AttributeError) as error:
        raise BadInput("standard input cannot be read", "name a file: -f FILE") from error
    if not content:
        raise BadInput("standard input is empty", "to have an empty artifact: -f /dev/null")
    return content


def _read(artifact: str, stream: BinaryIO) -> bytes:
    from scopecraft.missions.artifacts import within_limit

    return b"".join(within_limit(artifact, iter(lambda: stream.read(_PIECE_BYTES), b"")))
