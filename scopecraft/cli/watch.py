"""`sc watch`: a live table of everything that runs or waits for a person."""

from __future__ import annotations

import os
import sys

import click

from scopecraft.cli.command import command
from scopecraft.cli.live_screen import LiveScreen
from scopecraft.cli.say import note
from scopecraft.cli.table import print_lines
from scopecraft.cli.terminal import has_colour, is_terminal, width_of
from scopecraft.cli.watch_board import complained, look
from scopecraft.cli.watch_table import watch_lines
from scopecraft.model import clock
from scopecraft.sessions.context import Context
from scopecraft.supervisor.watching import Looking, Watching


@command(
    "watch",
    examples=(
        ("sc watch", "what waits for you, what works, what stands in line; q leaves"),
        ("sc watch --once", "the same table, printed once"),
    ),
)
@click.option("--once", is_flag=True, help="Print the table once, and leave.")
def watch(once: bool) -> None:
    """Watch everything that runs or waits: what waits for you first, with what is asked, then what works, what is idle
    and what stands in line.

    The table follows by itself; q or Ctrl-C leaves. Tokens, cost and what an agent does at the moment are shown for
    sessions that the supervisor follows.
    """
    context = Context.of(os.environ)
    is_live = is_terminal(sys.stdout) and os.environ.get("TERM", "dumb") != "dumb"
    if is_live and not once:
        _watch()
        return
    lines = watch_lines(look(context), clock.now(), width=width_of(sys.stdout), colour=has_colour(sys.stdout))
    print_lines(lines)
    if not once:
        note("this is no terminal to draw on; for programs: sc ls --json")


def _watch() -> None:
    colour = has_colour(sys.stdout)
    looking = Looking(lambda: Context.of(os.environ), look, complained)
    with LiveScreen(sys.stdout) as screen, Watching(looking, screen.wake) as watching:
        try:
            while True:
                now = clock.now()
                width, height = screen.size
                screen.draw(watch_lines(watching.seen(), now, width=width, height=height, colour=colour))
                # ages are told in whole seconds
                if "q" in screen.wait(1.0 - now.microsecond / 1e6).lower():
                    return
        except KeyboardInterrupt:
            return  # to go is how one leaves
