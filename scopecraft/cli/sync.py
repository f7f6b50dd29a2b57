"""`sc sync`: what the main branch has got meanwhile comes into a mission's branch."""

from __future__ import annotations

import os
from pathlib import Path

import click

from scopecraft.cli.command import command
from scopecraft.cli.say import note, say
from scopecraft.cli.table import print_json
from scopecraft.model.text import clean_line
from scopecraft.sessions.context import Context
from scopecraft.sessions.moves_json import synced_dict
from scopecraft.sessions.places import mission_named


@command(
    "sync",
    examples=(
        ("sc sync fix-login", "merge what the main branch has got into it"),
        ("sc sync fix-login --rebase", "put its commits on top of the main branch"),
    ),
)
@click.argument("task")
@click.option("--rebase", is_flag=True, help="Its commits again on top of the base, in place of a merge.")
@click.option("--base", metavar="BRANCH", help="From this branch; without it from the project's main branch.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--project", help="Of the project by this name, wherever you are.")
def sync(task: str, rebase: bool, base: str | None, as_json: bool, project: str | None) -> None:
    """Bring the branch that TASK belongs to into the task's branch and its worktree.

    Conflicts are found before anything is changed, and shown. What is not committed in the worktree stays as it is. A
    code review that was passed is open again, since the branch has moved. Commits that were reviewed, or that a pull
    request has, are not rebased.
    """
    from scopecraft.sessions.syncing import SyncAs, sync_mission

    context = Context.of(os.environ)
    mission = mission_named(context, task, Path.cwd(), project)
    synced = sync_mission(context, mission, SyncAs("rebase" if rebase else "merge", base))
    slug, base_name = synced.mission.slug, clean_line(synced.base)
    if as_json:
        print_json(synced_dict(synced))
    elif not synced.is_news:
        say(f"{slug} has all of {base_name} already")
    else:
        count = "1 commit" if synced.commits == 1 else f"{synced.commits} commits"
        way = "stands on" if synced.how == "rebase" else "has"
        say(f"{slug} {way} {count} more of {base_name}, and is at {synced.commit[:12]}")
        note(f"see it: sc diff {slug}")
