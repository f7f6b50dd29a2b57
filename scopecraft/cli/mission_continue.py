"""`sc mission continue`: whatever comes next, comes now."""

from __future__ import annotations

import os
from pathlib import Path

import click

from scopecraft.cli.command import command
from scopecraft.cli.mission_approve import Wish, approve_options, approved
from scopecraft.cli.mission_moved import moved
from scopecraft.sessions.context import Context
from scopecraft.sessions.person import person_name, refuse_agents
from scopecraft.sessions.places import mission_named


@command(
    "continue",
    examples=(
        ("sc mission continue fix-login", "begin, go on, try again, or approve: whatever it waits for"),
        ("sc mission continue fix-login --yes", "at a gate without a question"),
    ),
)
@click.argument("task")
@approve_options
def continue_(task: str, project: str | None, **options: bool) -> int | None:
    """Let TASK go on: the steps that may begin do, one that failed once more. At a gate this is sc mission approve.

    A step in a window is done with this, once its agent has written what it was to write: the window is closed. While
    an agent is at work nothing changes, exit code 3.
    """
    from scopecraft.sessions.continuing_mission import AtGate, continue_mission

    context = Context.of(os.environ)
    mission = mission_named(context, task, Path.cwd(), project)
    wish = Wish(**options)
    came = continue_mission(context, mission.id, person_name(context))
    if isinstance(came, AtGate):
        refuse_agents(os.environ, "to approve")
        return approved(context, came.mission, None, wish)
    done = f"{came.finished.step_id} of {mission.slug} is done" if came.finished else f"{mission.slug} goes on"
    return moved(context, came.mission, done, as_json=wish.as_json)
