"""`sc merge`: a mission's branch goes into the branch that it belongs to."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scopecraft.cli.choice import can_ask, choose
from scopecraft.cli.command import command
from scopecraft.cli.say import note, say, warn
from scopecraft.cli.table import print_json
from scopecraft.errors import BadInput
from scopecraft.model.text import clean_line
from scopecraft.sessions.context import Context
from scopecraft.sessions.moves_json import merged_dict
from scopecraft.sessions.person import refuse_agents
from scopecraft.sessions.places import mission_named

if TYPE_CHECKING:
    from scopecraft.sessions.merging import How, Merged, MergePlan

_MOST_FILES = 40
_MOST_NAMES = 3


@command(
    "merge",
    examples=(
        ("sc merge fix-login", "into the main branch, with a merge commit"),
        ("sc merge fix-login --squash", "all of it as one commit"),
        ("sc merge fix-login --rebase", "its commits one after another, without a merge commit"),
        ("sc merge fix-login --into develop", "into another branch"),
    ),
)
@click.argument("task")
@click.option("--squash", is_flag=True, help="All of it as one commit.")
@click.option("--rebase", is_flag=True, help="Its commits again on top of the branch, without a merge commit.")
@click.option("--into", metavar="BRANCH", help="Into this branch; without it into the project's main branch.")
@click.option("-m", "--message", help="The message of the merge commit, or of the one commit.")
@click.option("--unreviewed", is_flag=True, help="Also where its code review is not passed, or was of other commits.")
@click.option("--only-committed", is_flag=True, help="Leave out what is not committed in its worktree.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--project", help="Of the project by this name, wherever you are.")
def merge(
    task: str, squash: bool, rebase: bool, into: str | None, message: str | None, project: str | None, **how: bool
) -> int | None:
    """Merge the branch of TASK into the branch that it belongs to, and bring the checkout of that branch along.

    Conflicts are found before anything is changed, and shown; then nothing is merged. Changes of your own in the
    checkout stay, and where they are in the way nothing is merged either. What is interrupted is finished or undone
    by the next merge. Hooks do not run, and submodules are not updated.
    """
    from scopecraft.sessions.merging import MergeAs, merge_mission, plan_merge

    if squash and rebase:
        raise BadInput("--squash and --rebase exclude each other", "choose one")
    if rebase and message is not None:
        raise BadInput("--rebase keeps the messages of the commits", "leave -m out, or use --squash")
    if message is not None and not message.strip():
        raise BadInput("the message is empty", "leave -m out for one that says what is merged")
    refuse_agents(os.environ, "to merge")
    context = Context.of(os.environ)
    mission = mission_named(context, task, Path.cwd(), project)
    chosen: How = "squash" if squash else "rebase" if rebase else "merge"
    wish = MergeAs(chosen, into, message, unreviewed=how["unreviewed"], only_committed=how["only_committed"])
    plan = plan_merge(context, mission, wish)
    if plan.commits and not _is_agreed(plan, yes=how["yes"] or how["unreviewed"], quiet=how["as_json"]):
        say("nothing was merged")
        return 1
    merged = merge_mission(context, plan.mission, replace(wish, tip=plan.branches.tip))
    if how["as_json"]:
        print_json(merged_dict(merged))
    else:
        _tell(merged, plan)
    return None


def _is_agreed(plan: MergePlan, *, yes: bool, quiet: bool) -> bool:
    """Work that a workflow's review has let pass is merged without a question."""
    from scopecraft.cli.changed_files import stat_lines, totals, warn_of_host_files
    from scopecraft.cli.terminal import has_colour

    if not quiet:
        warn_of_host_files(plan.host_files)
    if yes or plan.review.word == "approved":
        return True
    slug = plan.mission.slug
    if not can_ask():
        raise BadInput(
            f"nobody has reviewed {slug}, so sc merge asks, and nobody is here to answer",
            f"look at it: sc diff {slug}   and say --yes",
        )
    say(f"{clean_line(plan.mission.branch)}: {totals(plan.files)}, which nobody has reviewed")
    for line in stat_lines(plan.files[:_MOST_FILES], colour=has_colour(sys.stderr)):
        click.echo(f"  {line}", err=True)
    if len(plan.files) > _MOST_FILES:
        note(f"  and {len(plan.files) - _MOST_FILES} more: sc diff {slug}")
    return choose(f"merge it into {clean_line(plan.branches.base)}? [y/N]", ("yes", "no"), default="no") == "yes"


def _tell(merged: Merged, plan: MergePlan) -> None:
    into, slug = clean_line(merged.into), merged.mission.slug
    if not merged.is_news:
        say(f"{into} has all of {slug} already")
        return
    word = {"merge": "merged", "squash": "merged as one commit", "rebase": "merged commit by commit"}[merged.how]
    count = "1 commit" if merged.commits == 1 else f"{merged.commits} commits"
    where = f", and {clean_line(str(merged.checkout))} with it" if merged.checkout else ""
    say(f"{slug} is {word}: {into} is at {merged.commit[:12]} ({count}){where}")
    if merged.left_out:
        warn(f"left out, since it is not committed: {_few(merged.left_out)}")
    if plan.has_submodules:
        note("submodules are not updated: git submodule update --init --recursive")
    done = "" if merged.mission.is_frozen else f"sc mission complete {slug}   or "
    note(f"next: {done}sc rm {slug}")


def _few(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return ", ".join(map(clean_line, names[:_MOST_NAMES])) + more
