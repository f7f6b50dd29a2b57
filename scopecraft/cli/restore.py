"""`sc restore`: bring a removed mission back."""

from __future__ import annotations

import os
from pathlib import Path

import click

from scopecraft.cli.command import command
from scopecraft.cli.say import note, say, warn
from scopecraft.cli.table import print_json
from scopecraft.errors import NotFound
from scopecraft.missions.trash import Removal, find_removal
from scopecraft.model.text import clean_line
from scopecraft.sessions.context import Context
from scopecraft.sessions.places import project_around


@command(
    "restore",
    examples=(
        ("sc restore fix-login", "its worktree, branch and files as they were"),
        ("sc restore fix-login --as fix-login-2", "beside a mission that has the name now"),
    ),
)
@click.argument("task")
@click.option("--as", "name", metavar="NAME", help="Under another name, on a branch of that name.")
@click.option("--project", help="Of the project by this name, wherever you are.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def restore(task: str, name: str | None, project: str | None, as_json: bool) -> None:
    """Bring TASK back from the trash: an id, a name, or a unique piece of an id.

    Its worktree is made again with what was committed, staged, changed and new, and with the ignored files that were
    kept. An interrupted restore can be repeated.
    """
    from scopecraft.sessions.removal import finish_removals
    from scopecraft.sessions.restore import restore_mission

    context = Context.of(os.environ)
    finish_removals(context)
    removal = _found(context, task, project)
    restored = restore_mission(context, removal, name, note)
    mission = restored.mission
    if as_json:
        print_json({"task": mission.slug, "mission_id": mission.id, "worktree": mission.worktree})
    say(f"{mission.slug} is back, on {mission.branch}")
    note(f"its worktree: {mission.worktree}")
    if removal.dropped:
        note(f"not kept, and so not there: {', '.join(clean_line(path, 60) for path in removal.dropped)}")
    if not restored.is_same:
        warn(
            "the worktree is not in all as it was when it was removed: a filter or a setting of git changed meanwhile?",
            f"what was pinned stays at refs/scopecraft/trash/{mission.id}/work",
        )
    for path in restored.stuck:
        warn(f"no room for {clean_line(path)}", f"it is in {restored.kept_at}")


def _found(context: Context, task: str, project: str | None) -> Removal:
    """In the named project; else around the folder's project first, then anywhere."""
    around = None if project else project_around(context, Path.cwd())
    if around is not None:
        try:
            return find_removal(context.home, task, around)
        except NotFound:
            pass
    return find_removal(context.home, task, project)
