"""`sc mission retry`, `back`, `complete` and `reopen`: a person's other moves."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import click

from scopecraft.cli.command import command
from scopecraft.cli.mission_moved import moved
from scopecraft.model.mission import Mission
from scopecraft.sessions.context import Context
from scopecraft.sessions.person import person_name, refuse_agents
from scopecraft.sessions.places import mission_named

_PROJECT = click.option("--project", help="Of the project by this name, wherever you are.")
_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_Move = Callable[[Context, str, str], Mission]


@command("retry", examples=(("sc mission retry fix-login", "the step that failed begins again"),))
@click.argument("task")
@_PROJECT
@_JSON
def retry(task: str, project: str | None, as_json: bool) -> int | None:
    """Let the steps of TASK that failed begin again, each with a new session."""
    from scopecraft.sessions.mission_moves import try_again

    return _moved(task, project, as_json, try_again, "what failed is tried again")


@command(
    "back",
    examples=(("sc mission back fix-login planning", "to do the planning again, and all that is built on it"),),
)
@click.argument("task")
@click.argument("step")
@_PROJECT
@_JSON
def back(task: str, step: str, project: str | None, as_json: bool) -> int | None:
    """Set TASK back to STEP: it and all that needs it is to be done again. Artifacts and commits stay as they are.

    Nothing begins but what starts by itself: look at it, edit what is there, and let it go on with sc mission continue.
    This is for a person: inside a session of an agent it is refused.
    """
    from scopecraft.sessions.mission_moves import go_back

    refuse_agents(os.environ, "sc mission back")

    def move(context: Context, mission_id: str, by: str) -> Mission:
        return go_back(context, mission_id, step, by)

    return _moved(task, project, as_json, move, f"set back to {step}")


@command("complete", examples=(("sc mission complete fix-login", "what is left of its steps is skipped"),))
@click.argument("task")
@_PROJECT
@_JSON
def complete(task: str, project: str | None, as_json: bool) -> int | None:
    """Say that TASK is complete, whatever its workflow still has. sc mission reopen takes that back.

    This is for a person: inside a session of an agent it is refused.
    """
    from scopecraft.sessions.mission_moves import complete as complete_mission

    refuse_agents(os.environ, "sc mission complete")
    return _moved(task, project, as_json, complete_mission, "complete")


@command("reopen", examples=(("sc mission reopen fix-login", "its last gate, or what was skipped, waits again"),))
@click.argument("task")
@_PROJECT
@_JSON
def reopen(task: str, project: str | None, as_json: bool) -> int | None:
    """Take up TASK again, which is complete: what was skipped is to be done, else its last gate waits again.

    This is for a person: inside a session of an agent it is refused.
    """
    from scopecraft.sessions.mission_moves import reopen as reopen_mission

    refuse_agents(os.environ, "sc mission reopen")
    return _moved(task, project, as_json, reopen_mission, "open again")


def _moved(task: str, project: str | None, as_json: bool, move: _Move, done: str) -> int | None:
    context = Context.of(os.environ)
    mission = mission_named(context, task, Path.cwd(), project)
    after = move(context, mission.id, person_name(context))
    return moved(context, after, f"{mission.slug}: {done}", as_json=as_json)
