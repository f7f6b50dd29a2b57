"""`sc mission show`: all that is known of one mission, and what happens next."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from scopecraft.cli.command import command
from scopecraft.cli.mission_look import look_at_missions
from scopecraft.cli.mission_timeline import page_lines
from scopecraft.cli.say import warn
from scopecraft.cli.table import print_json, print_lines
from scopecraft.cli.terminal import has_colour, width_of
from scopecraft.model import clock
from scopecraft.sessions.context import Context
from scopecraft.sessions.mission_page import mission_page
from scopecraft.sessions.places import mission_named


@command(
    "show",
    examples=(
        ("sc mission show fix-login", "its steps, and what to type next"),
        ("sc mission show fix-login --json", "for programs, its artifacts in full"),
    ),
)
@click.argument("task")
@click.option("--project", help="Of the project by this name, wherever you are.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def show(task: str, project: str | None, as_json: bool) -> None:
    """Show how TASK stands: its steps with their runs, time and cost, who approved what and why it was sent back, its
    checks and artifacts, and what happens next with the command to type.

    Marks of steps: + done, - skipped, ! failed, > at work, = in the queue, ? waits for you, o can begin.
    """
    context = Context.of(os.environ)
    mission = mission_named(context, task, Path.cwd(), project)
    page = mission_page(context, mission.id, look_at_missions(context, mission.id))
    for notice in context.store.notices:
        warn(notice)
    if as_json:
        from scopecraft.sessions.mission_detail import detail_dict

        print_json(detail_dict(context, page))
        return
    print_lines(page_lines(page, clock.now(), width=width_of(sys.stdout), colour=has_colour(sys.stdout)))
