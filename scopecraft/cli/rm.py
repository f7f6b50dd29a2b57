"""`sc rm`: remove missions, with everything of theirs kept in the trash."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from scopecraft.cli.choice import can_ask, choose
from scopecraft.cli.command import command
from scopecraft.cli.say import note, say, warn
from scopecraft.cli.table import print_json
from scopecraft.errors import BadInput, NotFound
from scopecraft.model.mission import Mission
from scopecraft.model.text import clean_line
from scopecraft.sessions.context import Context
from scopecraft.sessions.places import mission_named
from scopecraft.sessions.removal_plan import Plan

_MOST_SHOWN = 8


@command(
    "rm",
    examples=(
        ("sc rm fix-login", "say what is there, ask, and move it to the trash"),
        ("sc rm fix-login --dry-run", "only say it"),
        ("sc rm fix-login add-tests --yes", "two at once, without a question"),
        ("sc rm fix-login --drop-ignored", "without its node_modules"),
    ),
)
@click.argument("tasks", nargs=-1, required=True, metavar="TASK...")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Say what would happen, and change nothing.")
@click.option("--drop-ignored", is_flag=True, help="Lose large files and folders that git ignores.")
@click.option("--keep-ignored", is_flag=True, help="Keep them in the trash, too.")
@click.option("--no-teardown", is_flag=True, help="Do not run the teardown commands first.")
@click.option("--project", help="Of the project by this name, wherever you are.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def rm(tasks: tuple[str, ...], yes: bool, dry_run: bool, project: str | None, as_json: bool, **how: bool) -> int | None:
    """Remove each TASK: its worktree, its branch, its folder. All of it can be brought back with sc restore.

    Commits, staged and changed files, new files and small ignored ones are kept, and read back, before anything goes.
    Of a worktree or a branch that you made yourself nothing is removed.
    """
    from scopecraft.sessions.emptying import sweep
    from scopecraft.sessions.removal import Wish, remove_mission, undo_interrupted
    from scopecraft.sessions.removal_plan import plan_removal, refuse_occupied, refuse_undecided

    keep, drop = how["keep_ignored"], how["drop_ignored"]
    if keep and drop:
        raise BadInput("--keep-ignored and --drop-ignored exclude each other", "choose one")
    context = Context.of(os.environ)
    try:
        found = [mission_named(context, task, Path.cwd(), project) for task in tasks]
    except NotFound:
        sweep(context)  # a removal that was killed may have been so far
        raise
    missions = list({mission.id: mission for mission in found}.values())
    for mission in missions:
        undo_interrupted(context, mission)
    plans = [plan_removal(context, mission) for mission in missions]
    if not as_json:
        for plan in plans:
            _tell(plan, keep=keep)
    if dry_run:
        if as_json:
            print_json([plan_dict(plan) for plan in plans])
        return None
    for plan in plans:
        refuse_occupied(plan)
        refuse_undecided(plan, keep_ignored=keep, drop_ignored=drop)
    if not yes and not _is_agreed(missions):
        return 1
    wish = Wish(keep_ignored=keep, drop_ignored=drop, skip_teardown=how["no_teardown"], tell=note)
    done = []
    for mission in missions:
        removal = remove_mission(context, mission, wish)
        done.append({"task": removal.slug, "mission_id": removal.mission_id, "removed_at": removal.removed_at})
        say(f"removed {removal.slug}; it comes back with: sc restore {removal.slug}")
    if as_json:
        print_json(done)
    sweep(context)
    _mention_expired(context)
    return None


def plan_dict(plan: Plan) -> dict[str, Any]:
    """What would be removed and kept, for programs."""
    found = plan.seen.found if plan.seen else None
    return {
        "task": plan.mission.slug,
        "mission_id": plan.mission.id,
        "branch": plan.mission.branch,
        "worktree": plan.mission.worktree,
        "takes_worktree": plan.takes_worktree,
        "takes_branch": plan.takes_branch,
        "commits": plan.commits,
        "staged": list(found.staged) if found else [],
        "modified": sorted({*found.modified, *found.deleted}) if found else [],
        "untracked": list(found.untracked) if found else [],
        "ignored_kept": [weight.path for weight in plan.small],
        "ignored_large": [{"path": w.path, "files": w.files, "bytes": w.bytes} for w in plan.large],
        "occupants": [{"pid": each.pid, "command": each.command} for each in plan.occupants],
    }


def size_text(size: int) -> str:
    """`512 B`, `3.1 MB`."""
    if size < 1000:
        return f"{size} B"
    value = float(size)
    for unit in ("kB", "MB", "GB"):
        value /= 1000
        if value < 999.5 or unit == "GB":
            return f"{value:.1f} {unit}" if value < 10 else f"{value:.0f} {unit}"
    return ""


def counted(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"


def _tell(plan: Plan, *, keep: bool) -> None:
    mission = plan.mission
    if plan.begun is not None or plan.seen is None:
        say(f"{mission.slug}: its removal was interrupted; it is gone on with")
        return
    found = plan.seen.found
    kept = [
        f"{counted(plan.commits, 'commit')} on {mission.branch}",
        f"{len({*found.staged, *found.modified, *found.deleted})} modified",
        f"{len(found.untracked)} untracked",
        f"{len(plan.small) + (len(plan.large) if keep else 0)} ignored",
    ]
    if not plan.takes_worktree:
        say(f"{mission.slug}: only its record; the worktree {mission.worktree} is yours and stays, with its branch")
        return
    say(f"{mission.slug}: pinned and kept: {', '.join(kept)}")
    if plan.seen.pointer is None:
        note(f"  the worktree {mission.worktree} is not there any more")
    if plan.why_not_branch:
        note(f"  the branch {mission.branch} stays: {plan.why_not_branch}")
    if plan.small:
        note(f"  ignored, kept: {_names(plan.small)}")
    for path in plan.seen.aside:
        note(f"  a repository inside, kept as it is: {clean_line(path)}")
    for weight in plan.large:
        inside = f", {counted(weight.repositories, 'repository', 'repositories')} in it" if weight.repositories else ""
        size = f"{counted(weight.files, 'file')}, {size_text(weight.bytes)}{inside}"
        (note if keep else warn)(f"ignored, {'kept' if keep else 'NOT kept'}: {clean_line(weight.path)} ({size})")


def _names(weights: tuple[Any, ...]) -> str:
    named = ", ".join(clean_line(weight.path, 60) for weight in weights[:_MOST_SHOWN])
    more = len(weights) - _MOST_SHOWN
    return f"{named} and {more} more" if more > 0 else named


def _is_agreed(missions: list[Mission]) -> bool:
    if not can_ask():
        raise BadInput("sc rm asks before it removes, and nobody is here to answer", "say --yes")
    what = missions[0].slug if len(missions) == 1 else f"these {len(missions)}"
    if choose(f"remove {what}? [y/N]", ("yes", "no"), default="no") == "yes":
        return True
    say("nothing was removed")
    return False


def _mention_expired(context: Context) -> None:
    from scopecraft.missions.trash import removals
    from scopecraft.model import clock
    from scopecraft.sessions.emptying import older_than

    expired = older_than(removals(context.home)[0], context.settings.trash.keep, clock.now())
    if expired:
        note(f"{counted(len(expired), 'mission')} in the trash can go by now: sc trash --empty")
