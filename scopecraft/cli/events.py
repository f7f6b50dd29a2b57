"""`sc events`: the journal, as lines that a person reads or as JSON, and on as it grows."""

from __future__ import annotations

import json
import os
import select
import sys
from collections import deque
from collections.abc import Iterable
from pathlib import Path
from typing import get_args

import click

from scopecraft.cli.command import command
from scopecraft.cli.event_line import event_line
from scopecraft.cli.say import note, say, warn
from scopecraft.cli.terminal import has_colour, width_of
from scopecraft.errors import NotFound
from scopecraft.model.event import EventKind
from scopecraft.model.text import clean_json
from scopecraft.sessions.context import Context
from scopecraft.sessions.journal import Journal, JournalEntry, Wanted, entry_dict
from scopecraft.sessions.places import mission_named, session_named

LATEST = 50
LATEST_BEFORE_FOLLOWING = 10
POLL_MILLISECONDS = 30


@command(
    "events",
    examples=(
        ("sc events", "what happened lately"),
        ("sc events -f", "and what happens, as it does"),
        ("sc events --task fix-login --after 0", "all of one task, from the beginning"),
        ("sc events -f --json --kind session_ended", "for a program that waits for ends"),
    ),
)
@click.option("-f", "--follow", is_flag=True, help="Go on with what happens, until Ctrl-C.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.option("--after", type=click.IntRange(min=0), metavar="SEQ", help="All beyond this place (`seq` in the JSON).")
@click.option("-n", "latest", type=click.IntRange(min=0), metavar="LINES", help="Only the latest LINES.")
@click.option("--task", help="Only what concerns this mission: its name, suffix or id.")
@click.option("--session", help="Only what concerns this session: its id, or a task for its latest one.")
@click.option("--project", help="Only what concerns this project; tasks are looked up there.")
@click.option(
    "--kind", "kinds", type=click.Choice(get_args(EventKind)), multiple=True, help="Only this kind; may be repeated."
)
def events(
    *,
    follow: bool,
    as_json: bool,
    after: int | None,
    latest: int | None,
    task: str | None,
    session: str | None,
    project: str | None,
    kinds: tuple[str, ...],
) -> None:
    """Print the journal: what became of tasks, sessions and the queue, in the order in which it happened.

    Without -n and --after these are the latest 50 entries, with --follow the latest 10. A program that stops and goes
    on later keeps the `seq` of the last line that it has handled, and gives it to --after: it misses nothing and gets
    nothing twice, even when the database was rebuilt meanwhile.
    """
    context = Context.of(os.environ)
    journal = Journal(context, _wanted(context, task, session, project, frozenset(kinds)), after or 0)
    most = latest
    if latest is None and after is None:
        most = LATEST_BEFORE_FOLLOWING if follow else LATEST
    output = _Output(as_json=as_json)
    if most is None:
        output.show(journal.new())
        has_earlier = False
    else:
        entries, has_earlier = journal.latest(most) if after is None else _last(journal, most)
        output.show(entries)
    for notice in context.store.notices:
        warn(notice)
    if has_earlier and latest is None and not as_json:
        note("the earlier ones: sc events --after 0")
    if follow:
        _follow(context, journal, output)
    elif not output.has_shown and not as_json:
        say("nothing to show")


def _wanted(
    context: Context, task: str | None, session: str | None, project: str | None, kinds: frozenset[str]
) -> Wanted:
    session_id = session_named(context, session, Path.cwd(), project).id if session else None
    if task is None:
        return Wanted(session_id=session_id, project=project, kinds=kinds)
    try:
        mission_id = mission_named(context, task, Path.cwd(), project).id
    except NotFound:
        return Wanted(session_id=session_id, task=task, project=project, kinds=kinds)
    return Wanted(mission_id=mission_id, session_id=session_id, project=project, kinds=kinds)


def _last(journal: Journal, most: int) -> tuple[list[JournalEntry], bool]:
    return list(deque(journal.new(), maxlen=most)), False


def _follow(context: Context, journal: Journal, output: _Output) -> None:
    seen = -1
    # nobody may be listening any more, which a pipe tells without being written to
    listening = select.poll()
    listening.register(sys.stdout, 0)
    while True:
        version = context.store.data_version()
        if version != seen:
            seen = version
            output.show(journal.new())
        if listening.poll(POLL_MILLISECONDS):
            raise BrokenPipeError


class _Output:
    """Prints entries on stdout, at once."""

    def __init__(self, *, as_json: bool) -> None:
        self.has_shown = False
        self._as_json = as_json
        self._colour = has_colour(sys.stdout)

    def show(self, entries: Iterable[JournalEntry]) -> None:
        for entry in entries:
            self._write(entry)
            self.has_shown = True
        sys.stdout.flush()

    def _write(self, entry: JournalEntry) -> None:
        if self._as_json:
            line = clean_json(json.dumps(entry_dict(entry), ensure_ascii=False))
            sys.stdout.buffer.write(line.encode("utf-8") + b"\n")
        else:
            sys.stdout.write(event_line(entry, width=width_of(sys.stdout), colour=self._colour) + "\n")
