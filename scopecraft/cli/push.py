"""`sc push`: a mission's branch goes to a remote."""

from __future__ import annotations

import os
from pathlib import Path

import click

from scopecraft.cli.command import command
from scopecraft.cli.say import note, say
from scopecraft.cli.table import print_json
from scopecraft.model.text import clean_line
from scopecraft.sessions.context import Context
from scopecraft.sessions.moves_json import pushed_dict
from scopecraft.sessions.places import mission_named


@command(
    "push",
    examples=(
        ("sc push fix-login", "to origin, or the only remote there is"),
        ("sc push fix-login --remote upstream", "to another one"),
        ("sc push fix-login --force-with-lease", "also over other commits, if they are those last seen there"),
    ),
)
@click.argument("task")
@click.option("--remote", metavar="REMOTE", help="To this remote; without it to origin, or the only one.")
@click.option("--force-with-lease", "force", is_flag=True, help="Replace what is there, unless it has moved.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--project", help="Of the project by this name, wherever you are.")
def push(task: str, remote: str | None, force: bool, as_json: bool, project: str | None) -> None:
    """Push the branch of TASK, with your own access to the remote, to a branch of the same name.

    What is not committed does not go along. Hooks do not run, and nothing of the repository's configuration changes.
    """
    from scopecraft.sessions.pushing import push_mission
    from scopecraft.worktrees.pushing import PushAs

    context = Context.of(os.environ)
    mission = mission_named(context, task, Path.cwd(), project)
    if not as_json:
        note(f"pushing {clean_line(mission.branch)} …")
    pushed = push_mission(context, mission, remote, PushAs(force, tell_waiting))
    if as_json:
        print_json(pushed_dict(mission, pushed))
        return
    where = f"{clean_line(pushed.branch)} on {clean_line(pushed.remote)}"
    say(f"{where} is at {pushed.commit[:12]}" + ("" if pushed.is_news else " already"))
    if pushed.said:
        note(pushed.said)


def tell_waiting(seconds: int) -> None:
    """What takes its time, from time to time."""
    note(f"pushing … {seconds} s")
