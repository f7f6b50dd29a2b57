"""`sc mission edit`: an artifact in the person's own editor."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scopecraft.atomic import private_folder, replace_file
from scopecraft.cli.command import command
from scopecraft.cli.mission_put import tell_change
from scopecraft.cli.say import note
from scopecraft.errors import NotFound, Refused, ScopecraftError
from scopecraft.missions.artifacts import open_artifact
from scopecraft.missions.folder import changing, folder_of
from scopecraft.missions.planner import open_gates, with_steps
from scopecraft.missions.recipe import load_workflow
from scopecraft.model import clock
from scopecraft.model.naming import check_artifact_name
from scopecraft.model.workflow import RAW_INPUT
from scopecraft.sessions.context import Context
from scopecraft.sessions.person import person_name, refuse_agents
from scopecraft.sessions.places import mission_named

if TYPE_CHECKING:
    from scopecraft.model.mission import Mission
    from scopecraft.sessions.artifact_changes import ArtifactChange

_EDITS = "edits"  # of the home: copies that are being edited, and texts that could not be put in their place


@command(
    "edit",
    examples=(
        ("sc mission edit fix-login", "what waits for your review, else the request"),
        ("sc mission edit fix-login plan.md", "one artifact, or a new one"),
    ),
)
@click.argument("task")
@click.argument("artifact", required=False)
@click.option("--project", help="Of the project by this name, wherever you are.")
def edit(task: str, artifact: str | None, project: str | None) -> int | None:
    """Edit ARTIFACT of TASK in $VISUAL or $EDITOR, without ARTIFACT what waits for your review, else the request.

    The editor has a copy, which no agent can reach. When the artifact itself changed meanwhile, or may not be changed
    any more, it stays as it is, and the message names the file that has your text. What was there is kept as a version.

    This is for a person: inside a session of an agent it is refused.
    """
    refuse_agents(os.environ, "sc mission edit")
    context = Context.of(os.environ)
    mission = mission_named(context, task, Path.cwd(), project)
    change = edited_artifact(context, mission, artifact or what_waits(context, mission))
    if change is None:
        note("nothing was changed")
        return None
    return tell_change(context, change)


def what_waits(context: Context, mission: Mission) -> str:
    """The artifact that a person is to review, else the request."""
    workflow = load_workflow(folder_of(context.home, mission))
    gates = open_gates(with_steps(mission, workflow), workflow)
    return next((gate.review for gate in gates if gate.review), RAW_INPUT)


def edited_artifact(context: Context, mission: Mission, name: str) -> ArtifactChange | None:
    """In the person's editor; None when nothing was changed."""
    from scopecraft.cli.editor import edited
    from scopecraft.sessions.artifact_changes import Expected, put_artifact, refuse_change

    parts = check_artifact_name(name)
    with changing(context.home, mission.id) as current:
        refuse_change(context, current, name)
        before = _content(context, mission, name)
    by = person_name(context)
    place = context.home.root / _EDITS
    private_folder(place)
    instead = f"pipe the text: sc mission put {mission.slug} {name}"
    after = edited(before or b"", place, parts[-1], instead)
    if after == (before or b""):
        return None
    try:
        return put_artifact(context, mission, name, after, by, Expected.of(before))
    except (ScopecraftError, OSError, KeyboardInterrupt) as error:
        kept = place / f"{mission.slug}-{clock.now():%Y%m%dT%H%M%S}-{os.urandom(2).hex()}-{parts[-1][-80:]}"
        replace_file(kept, after)
        message = error.message if isinstance(error, ScopecraftError) else "it was interrupted"
        raise Refused(
            f"{message}; your text is in {kept}", f"sc mission put {mission.slug} {name} -f {kept}"
        ) from error


def _content(context: Context, mission: Mission, name: str) -> bytes | None:
    try:
        with open_artifact(context.home, mission, name) as pieces:
            content = b"".join(pieces)
    except NotFound:
        return None
    if b"\0" in content:
        raise Refused(f"{name} is no text", f"put another in its place: sc mission put {mission.slug} {name} -f FILE")
    return content
