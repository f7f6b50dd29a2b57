"""`sc ls`: what exists and how it is; what waits for a person stands first."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime

import click

from scopecraft.cli.command import command
from scopecraft.cli.say import note, say, warn
from scopecraft.cli.session_json import view_dict
from scopecraft.cli.table import Cell, Column, Row, print_json, print_table
from scopecraft.cli.terminal import Tone, width_of
from scopecraft.model import clock
from scopecraft.model.duration import duration_text
from scopecraft.model.session import Completed, Ended
from scopecraft.sessions.context import Context
from scopecraft.sessions.look import View, look_at_all

STATES = ("waiting", "idle", "running", "starting", "unknown", "ended")
LATEST_ENDED = 10
_TONES: dict[str, tuple[Tone, ...]] = {
    "waiting": ("yellow", "bold"),
    "idle": ("cyan",),
    "running": ("green",),
    "starting": ("green",),
    "unknown": ("magenta",),
    "ended": ("dim",),
}
_ROOMY_CELLS = 100  # a narrower terminal has no room for what is the same in every row
_NARROW_CELLS = 72  # nor this one for ids: tasks have names
_COLUMNS = {
    "SESSION": Column("SESSION"),
    "TASK": Column("TASK", least=8),
    "STATE": Column("STATE"),
    "SINCE": Column("SINCE", right=True),
    "AGENT": Column("AGENT", least=4),
    "PROJECT": Column("PROJECT", least=4),
    "DETAIL": Column("DETAIL", least=8),
}


@command(
    "ls",
    examples=(
        ("sc ls", "what runs and waits, and what ended lately"),
        ("sc ls --state waiting", "only what waits for you"),
        ("sc ls --all --json", "everything, for programs"),
    ),
)
@click.option("-a", "--all", "everything", is_flag=True, help="Every session, not only the latest that ended.")
@click.option("--state", type=click.Choice(STATES), multiple=True, help="Only sessions in this state; may be repeated.")
@click.option("--project", help="Only sessions of this project.")
@click.option("--task", help="Only sessions of the mission by exactly this name.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def ls(everything: bool, state: tuple[str, ...], project: str | None, task: str | None, as_json: bool) -> None:
    """List sessions and how they are: what waits for you first, then what runs, then what ended.

    A session that ended while nobody looked is settled on the way: its outcome is recorded and its commits are taken
    to the branch.
    """
    context = Context.of(os.environ)
    views = look_at_all(context, context.store.live())
    has_more = False
    if everything or not state or "ended" in state:
        shown = {view.session.id for view in views}
        most = None if everything or task else LATEST_ENDED
        ended = context.store.sessions(status_kinds=("ended",), project=project, limit=most and most + 1)
        has_more = most is not None and len(ended) > most
        views += look_at_all(context, [session for session in ended[:most] if session.id not in shown])
    for notice in context.store.notices:
        warn(notice)
    views = [view for view in views if _is_wanted(view, state, project, task)]
    views.sort(key=lambda view: STATES.index(view.word))
    if as_json:
        print_json([view_dict(view) for view in views])
    elif views:
        print_sessions(views)
        if has_more:
            note("the earlier ones: sc ls --all")
    else:
        say("no session to show")
        is_narrowed = state or project or task
        note("what there is: sc ls --all" if is_narrowed else "start one: sc run TASK -m 'what to do'")


def _is_wanted(view: View, states: tuple[str, ...], project: str | None, task: str | None) -> bool:
    session = view.session
    return (not states or view.word in states) and project in (None, session.project) and task in (None, session.task)


def print_sessions(views: Sequence[View], *, numbered: bool = False) -> None:
    """A table; what a narrow terminal has no room for is left out, a pipe always gets the same columns."""
    now = clock.now()
    rows = [_cells_of(view, now) for view in views]
    names = _shown_columns(rows, width_of(sys.stdout))
    columns = [_COLUMNS[name] for name in names]
    shown: list[Row] = [[row[name] for name in names] for row in rows]
    if numbered:
        columns = [Column("#", right=True), *columns]
        shown = [[str(number), *row] for number, row in enumerate(shown, 1)]
    print_table(columns, shown)


def _shown_columns(rows: Sequence[Mapping[str, Cell]], width: int) -> list[str]:
    left_out: set[str] = set()
    if 0 < width < _ROOMY_CELLS:
        left_out |= {name for name in ("AGENT", "PROJECT") if len({row[name].text for row in rows}) == 1}
    if 0 < width < _NARROW_CELLS:
        left_out |= {"SESSION", "AGENT"}
    return [name for name in _COLUMNS if name not in left_out]


def _cells_of(view: View, now: datetime) -> dict[str, Cell]:
    session = view.session
    word = word_of(view)
    since = now - clock.from_text(view.since or session.created_at)
    return {
        "SESSION": Cell(session.id, ("dim",)),
        "TASK": Cell(session.task, ("bold",)),
        "STATE": Cell(word, tones_of(view)),
        "SINCE": Cell(duration_text(since.total_seconds())),
        "AGENT": Cell(session.agent),
        "PROJECT": Cell(session.project),
        "DETAIL": Cell("" if view.detail == word else view.detail),
    }


def word_of(view: View) -> str:
    """`waiting`, but for the ended: how it ended."""
    status = view.session.status
    return status.outcome.kind.replace("_", " ") if isinstance(status, Ended) else view.word


def tones_of(view: View) -> tuple[Tone, ...]:
    status = view.session.status
    if isinstance(status, Ended) and not isinstance(status.outcome, Completed):
        return ("red",)
    return _TONES[view.word]
