"""`sc ls`: what exists and how it is; what waits for a person stands first."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import click

from scopecraft.cli.command import command
from scopecraft.cli.say import note, say, warn
from scopecraft.cli.table import Cell, Column, Row, print_json, print_table
from scopecraft.cli.terminal import Tone, width_of
from scopecraft.errors import NotFound
from scopecraft.missions.advance import VISIT_STEP, WORK_STEP
from scopecraft.missions.trash import removed_ids
from scopecraft.model import clock
from scopecraft.model.duration import duration_text
from scopecraft.model.session import Completed, Ended, Session
from scopecraft.model.session_words import going_on_with
from scopecraft.sessions.context import Context
from scopecraft.sessions.look import View, ended_view, look_at_all
from scopecraft.sessions.session_json import view_dict

STATES = ("waiting", "idle", "running", "starting", "unknown", "queued", "ended")
OUTCOMES = ("completed", "failed", "timed-out", "killed", "interrupted")
LATEST_ENDED = 10
_TONES: dict[str, tuple[Tone, ...]] = {
    "waiting": ("yellow", "bold"),
    "idle": ("cyan",),
    "running": ("green",),
    "starting": ("green",),
    "unknown": ("magenta",),
    "queued": ("blue",),
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
        ("sc ls --state failed --state timed-out", "what ended badly"),
        ("sc ls --all --json", "everything, for programs"),
    ),
)
@click.option(
    "-a",
    "--all",
    "everything",
    is_flag=True,
    help="Every session, of removed tasks and visits too, not only the latest that ended.",
)
@click.option(
    "--state",
    type=click.Choice((*STATES, *OUTCOMES)),
    multiple=True,
    help="Only sessions in this state, or that ended so; may be repeated.",
)
@click.option("--project", help="Only sessions of this project.")
@click.option("--task", help="Only sessions of this mission: its name, suffix or id.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def ls(everything: bool, state: tuple[str, ...], project: str | None, task: str | None, as_json: bool) -> None:
    """List sessions and how they are: what waits for you first, then what runs, what stands in line, and what ended.

    A session that ended while nobody looked is settled on the way: its outcome is recorded and its commits are taken
    to the branch.
    """
    context = Context.of(os.environ)
    hidden = frozenset() if everything or task else removed_ids(context.home)
    mission_id = _mission_id(context, task, project) if task else None
    with_visits = everything or bool(task or state)
    wanted = _Wanted(state, project, mission_id, task, hidden, with_visits)
    views = look_at_all(context, context.store.live())
    most = None if everything or task else LATEST_ENDED
    ended = _ended(context, wanted, {view.session.id for view in views}, most)
    has_more = most is not None and len(ended) > most
    views += [ended_view(session) for session in ended[:most]]
    for notice in context.store.notices:
        warn(notice)
    views = [view for view in views if wanted.fits(view)]
    views.sort(key=lambda view: (STATES.index(view.word), view.place))
    if as_json:
        print_json([view_dict(view) for view in views])
    elif views:
        print_sessions(views)
        if has_more:
            note("the earlier ones: sc ls --all")
        if any(view.word == "queued" for view in views):
            _tell_if_stuck(context)
    else:
        say("no session to show")
        is_narrowed = state or project or task is not None
        note("what there is: sc ls --all" if is_narrowed else "start one: sc run TASK -m 'what to do'")


def _tell_if_stuck(context: Context) -> None:
    from scopecraft.supervisor.client import is_up

    if not is_up(context):
        note("no supervisor is up to start what waits: sc up")


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What the list is narrowed to; a task whose mission is not there any more is compared by its name.

    `hidden` are missions that were removed.
    """

    words: tuple[str, ...]
    project: str | None
    mission_id: str | None
    task: str | None
    hidden: frozenset[str] = frozenset()
    with_visits: bool = True  # what a person ran beside an agent, once it is over

    @property
    def has_ended(self) -> bool:
        return not self.words or not {"ended", *OUTCOMES}.isdisjoint(self.words)

    def fits(self, view: View) -> bool:
        session = view.session
        is_past_visit = session.step_id == VISIT_STEP and view.word == "ended"
        if session.mission_id in self.hidden or (is_past_visit and not self.with_visits):
            return False
        if self.words and {view.word, word_of(view).replace(" ", "-")}.isdisjoint(self.words):
            return False
        if self.mission_id is not None and session.mission_id != self.mission_id:
            return False
        by_name = self.task if self.mission_id is None else None
        return self.project in (None, session.project) and by_name in (None, session.task)


def _mission_id(context: Context, task: str, project: str | None) -> str | None:
    from scopecraft.sessions.places import mission_named

    try:
        return mission_named(context, task, Path.cwd(), project).id
    except NotFound:
        return None


def _ended(context: Context, wanted: _Wanted, shown: Collection[str], most: int | None) -> list[Session]:
    """The latest that ended and are wanted, one more than `most` where there are more."""
    if not wanted.has_ended:
        return []
    is_narrow = wanted.words or wanted.task is not None
    size = None if most is None or is_narrow else most + len(shown) + 1
    fitting: list[Session] = []
    offset = 0
    while True:
        ended = context.store.sessions(
            status_kinds=("ended",), project=wanted.project, mission_id=wanted.mission_id, limit=size, offset=offset
        )
        fitting += [session for session in ended if session.id not in shown and wanted.fits(ended_view(session))]
        if size is None or len(ended) < size or (most is not None and len(fitting) > most):
            break
        offset += size
    return fitting if most is None else fitting[: most + 1]


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
    since = now - clock.from_text(view.since or session.created_at)
    return {
        "SESSION": Cell(session.id, ("dim",)),
        "TASK": Cell(task_text(session), ("bold",)),
        "STATE": Cell(word_of(view), tones_of(view)),
        "SINCE": Cell(duration_text(since.total_seconds())),
        "AGENT": Cell(session.agent),
        "PROJECT": Cell(session.project),
        "DETAIL": Cell(_detail(view)),
    }


def task_text(session: Session) -> str:
    """`fix-login · research`: with its step, where that is not the work that every task has."""
    is_told = session.step_id not in (WORK_STEP, VISIT_STEP)
    return f"{session.task} · {session.step_id}" if is_told else session.task


def word_of(view: View) -> str:
    """`waiting`, but for the ended: how it ended."""
    status = view.session.status
    return status.outcome.kind.replace("_", " ") if isinstance(status, Ended) else view.word


def tones_of(view: View) -> tuple[Tone, ...]:
    status = view.session.status
    if isinstance(status, Ended) and not isinstance(status.outcome, Completed):
        return ("red",)
    return _TONES[view.word]


def _detail(view: View) -> str:
    """An interrupted session is told with what goes on with it."""
    how = going_on_with(view.session)
    return f"{view.detail}; go on: {how}" if how else view.detail
