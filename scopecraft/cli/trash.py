"""`sc trash`: what was removed, and emptying it."""

from __future__ import annotations

import os
from datetime import datetime
from typing import Any

import click

from scopecraft.cli.choice import can_ask, choose
from scopecraft.cli.command import command
from scopecraft.cli.rm import counted, size_text
from scopecraft.cli.say import say, warn
from scopecraft.cli.table import Cell, Column, Row, print_json, print_table
from scopecraft.errors import BadInput
from scopecraft.missions.trash import Removal, removals
from scopecraft.model import clock
from scopecraft.model.duration import duration_text, seconds_of
from scopecraft.sessions.context import Context

_COLUMNS = (
    Column("TASK", least=8),
    Column("PROJECT", least=4),
    Column("REMOVED", right=True),
    Column("EXPIRES", right=True),
    Column("KEPT", least=10),
    Column("ID"),
)


@command(
    "trash",
    examples=(
        ("sc trash", "what was removed, and until when it can be brought back"),
        ("sc trash --empty", "let go what is older than the setting trash.keep"),
        ("sc trash --empty --older-than 7d --yes", "what is older than a week, without a question"),
    ),
)
@click.option("--empty", "empties", is_flag=True, help="Remove for good what has expired.")
@click.option("--older-than", metavar="TIME", help="With --empty: what was removed longer ago than this, such as 7d.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@click.option("--project", help="Only missions of this project.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def trash(empties: bool, older_than: str | None, yes: bool, project: str | None, as_json: bool) -> int | None:
    """List removed missions; sc restore brings one back.

    Nothing expires by itself: what is over its time stays until --empty is said. What is emptied is gone for good:
    the pin in the repository, kept files, and the folders of its sessions with their logs.
    """
    from scopecraft.sessions.emptying import sweep

    context = Context.of(os.environ)
    if older_than is not None and not empties:
        raise BadInput("--older-than goes with --empty", "sc trash --empty --older-than 7d")
    sweep(context)
    found, damaged = removals(context.home)
    for sentence in damaged:
        warn(sentence)
    found = [removal for removal in found if project in (None, removal.project)]
    if empties:
        seconds = seconds_of(older_than) if older_than else context.settings.trash.keep
        return None if _empty(context, found, seconds, yes=yes) else 1
    elif as_json:
        print_json([_row_dict(removal, context.settings.trash.keep) for removal in found])
    elif found:
        now = clock.now()
        print_table(_COLUMNS, [_row(removal, context.settings.trash.keep, now) for removal in found])
    else:
        say("the trash is empty" if project is None else f"the trash holds nothing of project {project}")
    return None


def _empty(context: Context, found: list[Removal], seconds: int, *, yes: bool) -> bool:
    """False when the person said no."""
    from scopecraft.sessions.emptying import empty, older_than

    old = older_than(found, seconds, clock.now())
    if not old:
        say(f"nothing in the trash is older than {duration_text(seconds)}")
        return True
    for removal in old:
        say(f"{removal.slug} ({removal.project}): {_kept(removal)}")
    if not yes:
        if not can_ask():
            raise BadInput("what is emptied is gone for good, and nobody is here to be asked", "say --yes")
        if choose(f"remove {counted(len(old), 'mission')} for good? [y/N]", ("yes", "no"), default="no") == "no":
            say("nothing was removed")
            return False
    for removal in old:
        emptied = empty(context, removal)
        if emptied.problem:
            warn(f"{removal.slug}: {emptied.problem}")
    say(f"{counted(len(old), 'mission')} removed for good; git frees the space at its next gc")
    return True


def _row(removal: Removal, keep_seconds: int, now: datetime) -> Row:
    from scopecraft.sessions.emptying import expires_at

    left = (expires_at(removal, keep_seconds) - now).total_seconds()
    ago = (now - clock.from_text(removal.removed_at)).total_seconds()
    expiry = Cell(f"in {duration_text(left)}") if left > 0 else Cell("expired", ("yellow",))
    state = "" if removal.phase == "removed" else f" ({removal.phase})"
    return (
        Cell(removal.slug, ("bold",)),
        removal.project,
        f"{duration_text(ago)} ago",
        expiry,
        _kept(removal) + state,
        Cell(removal.mission_id, ("dim",)),
    )


def _kept(removal: Removal) -> str:
    parts = [counted(removal.commits, "commit"), f"{removal.modified} modified", f"{removal.untracked} untracked"]
    if removal.ignored:
        parts.append(f"{len(removal.ignored)} ignored of {size_text(removal.kept_bytes)}")
    if not removal.takes_worktree:
        parts = ["its record"]
    return ", ".join(parts)


def _row_dict(removal: Removal, keep_seconds: int) -> dict[str, Any]:
    from scopecraft.sessions.emptying import expires_at

    return {
        "task": removal.slug,
        "mission_id": removal.mission_id,
        "project": removal.project,
        "removed_at": removal.removed_at,
        "expires_at": clock.to_text(expires_at(removal, keep_seconds)),
        "branch": removal.branch,
        "worktree": removal.worktree,
        "state": removal.phase,
        "commits": removal.commits,
        "modified": removal.modified,
        "untracked": removal.untracked,
        "kept": list(removal.aside),
        "dropped": list(removal.dropped),
    }
