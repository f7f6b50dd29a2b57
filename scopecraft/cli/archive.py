"""`sc archive`: a mission as a folder of plain files, to keep or to commit."""

from __future__ import annotations

import os
from pathlib import Path

import click

from scopecraft.cli.command import command
from scopecraft.cli.rm import counted
from scopecraft.cli.say import note, say, warn
from scopecraft.cli.table import print_json
from scopecraft.errors import ScopecraftError
from scopecraft.model import clock
from scopecraft.model.mission import Mission
from scopecraft.sessions.context import Context
from scopecraft.sessions.places import mission_named


@command(
    "archive",
    examples=(
        ("sc archive fix-login", "into .tasks/archive of the project"),
        ("sc archive fix-login --to ~/records", "somewhere else"),
    ),
)
@click.argument("task")
@click.option(
    "--to", type=click.Path(path_type=Path), metavar="FOLDER", help="Where archives go, in place of the project."
)
@click.option("--project", help="Of the project by this name, wherever you are.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def archive(task: str, to: Path | None, project: str | None, as_json: bool) -> None:
    """Write down what TASK was: its request and artifacts, the logs of its sessions, its diff, and a summary.

    Of a mission that is complete and carried out a task of .tasks, the task's file moves to .tasks/archive, too, unless
    the archive goes somewhere else.

    Only committed changes are in the diff. Keys and tokens that are known here are written out as [secret NAME]. The
    task itself stays as it is.
    """
    from scopecraft.sessions.archive import archive_mission

    context = Context.of(os.environ)
    mission = mission_named(context, task, Path.cwd(), project)
    done = archive_mission(context, mission, to, note)
    for sentence in done.notes:
        warn(sentence)
    if to is None:
        _archive_task(context, mission)
    if as_json:
        print_json({"folder": str(done.folder), "sessions": done.sessions, "commits": done.commits})
    else:
        click.echo(os.fsencode(done.folder))
    say(f"archived {mission.slug}: {counted(done.sessions, 'session')}, {counted(done.commits, 'commit')}")


def _archive_task(context: Context, mission: Mission) -> None:
    """What goes wrong with it does not undo the archive."""
    from scopecraft.sessions.task_archive import archive_task

    try:
        moved = archive_task(context, mission, clock.now())
    except ScopecraftError as error:
        warn(f"its task of .tasks stays where it is: {error.message}", error.hint)
        return
    if moved:
        note(moved)
