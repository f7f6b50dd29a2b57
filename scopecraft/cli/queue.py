"""`sc queue`: who runs and who waits for a slot, and the commands that change it."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from scopecraft.cli.part_group import Part, PartGroup

if TYPE_CHECKING:
    from scopecraft.sessions.context import Context

_PARTS = {
    "add": Part("scopecraft.cli.queue_add:add", "Put tasks in line, many at once with --from FILE."),
    "remove": Part("scopecraft.cli.queue_line:remove", "Take tasks out of the line."),
    "move": Part("scopecraft.cli.queue_line:move", "Move one that waits to another place."),
    "clear": Part("scopecraft.cli.queue_line:clear", "Take everything that waits out of the line."),
    "pause": Part("scopecraft.cli.queue_rules:pause", "Let nothing more begin."),
    "resume": Part("scopecraft.cli.queue_rules:resume", "Let what waits begin again."),
    "limit": Part("scopecraft.cli.queue_rules:limit", "Change how many may run, and how many wait."),
    "stop-on-failure": Part(
        "scopecraft.cli.queue_rules:stop_on_failure", "Pause by itself when a session fails, or not."
    ),
}


@click.group("queue", cls=PartGroup, parts=_PARTS, invoke_without_command=True)
@click.option("--watch", is_flag=True, help="Go on showing it; q or Ctrl-C leaves.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def queue(ctx: click.Context, watch: bool, as_json: bool) -> None:
    """Show the queue: who runs, who waits at which place, the limits, and what holds the line up.

    Every session that works on its own takes a slot; while none is free, or the queue is paused, it waits in line.
    Sessions in a window take none. A session that waits for you keeps its slot.
    """
    from scopecraft.errors import BadInput

    if ctx.invoked_subcommand is not None:
        if watch or as_json:
            raise BadInput(
                "--watch and --json belong to sc queue alone here", f"see: sc queue {ctx.invoked_subcommand} --help"
            )
        return
    from scopecraft.sessions.context import Context

    if watch and as_json:
        raise BadInput("--watch draws, and --json prints once", "for programs: sc events -f --json")
    context = Context.of(os.environ)
    if watch:
        _watch(context)
    else:
        _show(context, as_json=as_json)


def _show(context: Context, *, as_json: bool) -> None:
    from scopecraft.cli.queue_view import queue_lines
    from scopecraft.cli.say import note, warn
    from scopecraft.cli.table import print_json, print_lines
    from scopecraft.cli.terminal import has_colour, width_of
    from scopecraft.model import clock
    from scopecraft.sessions.queue_seen import queue_dict, queue_view
    from scopecraft.supervisor.client import is_up

    seen = queue_view(context, is_supervised=is_up(context))
    for notice in context.store.notices:
        warn(notice)
    if as_json:
        print_json(queue_dict(seen))
        return
    print_lines(queue_lines(seen, clock.now(), width=width_of(sys.stdout), colour=has_colour(sys.stdout)))
    if seen.waiting and not seen.is_supervised:
        note("no supervisor is up to start what waits: sc up")


def _watch(context: Context) -> None:
    from scopecraft.cli.live_screen import LiveScreen
    from scopecraft.cli.queue_view import queue_lines
    from scopecraft.cli.say import note
    from scopecraft.cli.terminal import has_colour, is_terminal
    from scopecraft.model import clock
    from scopecraft.sessions.queue_seen import queue_view
    from scopecraft.supervisor.client import is_up

    if not is_terminal(sys.stdout) or os.environ.get("TERM", "dumb") == "dumb":
        _show(context, as_json=False)
        note("this is no terminal to draw on; for programs: sc events -f --json")
        return
    colour = has_colour(sys.stdout)
    with LiveScreen(sys.stdout) as screen:
        try:
            while True:
                seen, version = queue_view(context, is_supervised=is_up(context)), context.store.data_version()
                lines = queue_lines(seen, clock.now(), width=screen.size[0], colour=colour)
                if seen.waiting and not seen.is_supervised:
                    lines += ["", "no supervisor is up to start what waits: sc up"]
                screen.draw(lines)
                for _ in range(4):  # ages are told in whole seconds
                    if "q" in screen.wait(0.25).lower():
                        return
                    if context.store.data_version() != version:
                        break
        except KeyboardInterrupt:
            return  # to go is how one leaves
