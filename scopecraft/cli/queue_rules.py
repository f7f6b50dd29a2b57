"""`sc queue pause`, `resume`, `limit` and `stop-on-failure`: what rules over the line, at once and until changed."""

from __future__ import annotations

import os

import click

from scopecraft.cli.command import command
from scopecraft.cli.queue_view import limits_sentence, until_text
from scopecraft.cli.say import note, say
from scopecraft.cli.waking import need_supervisor, wake_supervisor
from scopecraft.model import clock
from scopecraft.queueing.admission import is_parked
from scopecraft.sessions import queue_changes
from scopecraft.sessions.context import Context


@command("pause", examples=(("sc queue pause", "nothing more begins; what runs goes on"),))
def pause() -> None:
    """Let nothing that waits begin until sc queue resume. What runs goes on; dispatch is not concerned."""
    context = Context.of(os.environ)
    changed = queue_changes.pause(context)
    wake_supervisor(context)
    if changed.before.is_paused:
        why = f": {changed.before.paused_because}" if changed.before.paused_because else ""
        say(f"the queue was paused already{why}")
    else:
        say("the queue is paused; go on with: sc queue resume")


@command("resume", examples=(("sc queue resume", "what waits begins again, one slot after the other"),))
def resume() -> None:
    """Let what waits begin again, after sc queue pause, a failure, or a provider's limit that was used up."""
    context = Context.of(os.environ)
    changed = queue_changes.resume(context)
    before, now = changed.before, clock.now()
    if before.parked_until is not None and is_parked(before, clock.to_text(now)):
        say(f"the queue does not wait until {until_text(before.parked_until, now)} any more")
        note("where the provider's limit is still used up, it parks again")
    if before.is_paused:
        say("the queue goes on")
    elif changed.before == changed.after:
        say("the queue was not paused")
    if context.store.line():
        need_supervisor(context)


@command(
    "limit",
    examples=(
        ("sc queue limit", "what holds"),
        ("sc queue limit --running 5", "five at once, from now on"),
        ("sc queue limit --waiting 0", "nothing more may stand in line"),
    ),
)
@click.option("--running", type=int, metavar="N", help="How many sessions may run at once, from 1.")
@click.option("--waiting", type=int, metavar="N", help="How many new requests may wait, from 0.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def limit(running: int | None, waiting: int | None, as_json: bool) -> None:
    """Change how many run at once and how many may wait; without an option, show it.

    Nothing that runs is ended, and nothing that waits is put out, when there are more than may be.
    """
    context = Context.of(os.environ)
    rules = context.store.queue.rules()
    if running is not None or waiting is not None:
        changed = queue_changes.limit(context, running=running, waiting=waiting)
        rules = changed.after
        wake_supervisor(context)
        if changed.before == changed.after:
            note("that is how it was already")
    if as_json:
        from scopecraft.cli.table import print_json
        from scopecraft.sessions.queue_seen import limits_dict

        print_json(limits_dict(rules))
    else:
        click.echo(limits_sentence(context.store.queue.occupancy(), rules))


@command(
    "stop-on-failure",
    examples=(("sc queue stop-on-failure on", "after a failure you look first"),),
)
@click.argument("switch", type=click.Choice(("on", "off")))
def stop_on_failure(switch: str) -> None:
    """Whether the queue pauses by itself when a session fails, on or off. It goes on with sc queue resume."""
    context = Context.of(os.environ)
    changed = queue_changes.stop_on_failure(context, is_on=switch == "on")
    wake_supervisor(context)
    already = " already" if changed.before == changed.after else ""
    say(f"the queue {'pauses' if switch == 'on' else 'goes on'}{already} when a session fails")
