"""`sc missions`: every mission and how it stands; what needs a person stands first."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

import click

from scopecraft.cli.command import command
from scopecraft.cli.mission_look import look_at_missions
from scopecraft.cli.missions_table import print_missions
from scopecraft.cli.say import note, say, warn
from scopecraft.cli.table import print_json
from scopecraft.missions.listing import Listing
from scopecraft.model.mission import MISSION_TYPES, Mission, MissionStatus
from scopecraft.sessions.context import Context
from scopecraft.sessions.mission_json import item_dict
from scopecraft.sessions.missions_seen import MissionView, missions_seen

MOST_COMPLETED = 50


@command(
    "missions",
    examples=(
        ("sc missions", "what needs you, what is at work, what waits"),
        ("sc missions --needs-me", "only what needs you, with what to type"),
        ("sc missions --all -n 200", "the complete ones too, the newest first"),
        ("sc missions --json", "for programs"),
    ),
)
@click.option("-a", "--all", "everything", is_flag=True, help="The complete ones too.")
@click.option("--needs-me", is_flag=True, help="Only missions that cannot go on without you.")
@click.option(
    "--status", "statuses", type=click.Choice(get_args(MissionStatus)), multiple=True, help="May be repeated."
)
@click.option("--type", "types", type=click.Choice(MISSION_TYPES), multiple=True, help="May be repeated.")
@click.option("--project", help="Only missions of this project.")
@click.option(
    "-n",
    "most",
    type=click.IntRange(min=1),
    metavar="COUNT",
    help=f"At most so many; of complete ones {MOST_COMPLETED} where this is left out.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def missions(
    *,
    everything: bool,
    needs_me: bool,
    statuses: tuple[str, ...],
    types: tuple[str, ...],
    project: str | None,
    most: int | None,
    as_json: bool,
) -> None:
    """List missions: first what needs you, then what is at work, then what waits in the queue.

    Marks: ? waits for you, ! failed, o can go on, > at work, = in the queue, + complete. PROGRESS has one for each step
    of the workflow; there a dot is a step whose turn has not come.
    """
    context = Context.of(os.environ)
    wanted = _Wanted(frozenset(statuses), frozenset(types), project, needs_me, everything)
    with_completed = (most or MOST_COMPLETED) if wanted.has_completed else 0
    seen = look_at_missions(context)
    views, damaged = missions_seen(context, seen, wanted.fits, completed=with_completed)
    if needs_me:
        views = [view for view in views if view.next.needs_person]
    for sentence in (*context.store.notices, *damaged):
        warn(sentence)
    shown = views[:most]
    if as_json:
        print_json([item_dict(view) for view in shown])
    elif shown:
        print_missions(shown)
        _tell_more(context, views, len(shown), wanted)
    else:
        _tell_none(context, wanted)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What the list is narrowed to; nothing and None are for all."""

    statuses: frozenset[str]
    types: frozenset[str]
    project: str | None
    needs_me: bool
    everything: bool

    @property
    def has_completed(self) -> bool:
        if self.needs_me or (self.statuses and "completed" not in self.statuses):
            return False
        return self.everything or bool(self.statuses)

    @property
    def is_narrow(self) -> bool:
        return bool(self.statuses or self.types or self.project or self.needs_me)

    def fits(self, mission: Mission) -> bool:
        if mission.status == "completed" and not self.has_completed:
            return False
        return (
            self.project in (None, mission.project)
            and (not self.statuses or mission.status in self.statuses)
            and (not self.types or mission.type in self.types)
        )


def _tell_more(context: Context, views: Sequence[MissionView], shown: int, wanted: _Wanted) -> None:
    first = views[0]
    if first.next.needs_person and first.next.commands:
        note(f"{first.mission.slug}: {first.next.sentence}: {first.next.commands[0]}")
    if len(views) > shown:
        note(f"{len(views) - shown} more are not shown: sc missions -n {len(views)}")
    elif not wanted.has_completed and not wanted.is_narrow and Listing.of(context.home).has_completed():
        note("the complete ones: sc missions --all")


def _tell_none(context: Context, wanted: _Wanted) -> None:
    if wanted.needs_me and not (wanted.statuses or wanted.types or wanted.project):
        say("no mission needs you")
        note("what there is: sc missions")
    elif wanted.is_narrow:
        say("no mission to show")
        note("what there is: sc missions --all")
    elif not wanted.has_completed and Listing.of(context.home).has_completed():
        say("no mission is under way")
        note("the complete ones: sc missions --all   begin one: sc mission new 'what you want'")
    else:
        say("no mission yet")
        note("begin one: sc mission new 'what you want'   a repository comes first: sc link")
