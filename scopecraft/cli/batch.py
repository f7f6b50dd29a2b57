"""`sc batch`: many missions from one file, begun as places come free and as what they need is done."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scopecraft.cli.command import command
from scopecraft.cli.rm import counted
from scopecraft.cli.say import note, say, warn
from scopecraft.cli.table import Column, print_json, print_table
from scopecraft.errors import BadInput
from scopecraft.model.mission_words import STATUS_WORDS
from scopecraft.model.text import clean_line
from scopecraft.sessions.context import Context

if TYPE_CHECKING:
    from scopecraft.model.batch import Batch, BatchTask
    from scopecraft.sessions.batch_progress import Progress, Standing

LOOK_SECONDS = 0.5


@command(
    "batch",
    examples=(
        ("sc batch tasks.yaml --dry-run", "check it, and see what it would make"),
        ("sc batch tasks.yaml", "make its missions, as places come free"),
        ("sc batch tasks.yaml --watch", "and follow them until they need you"),
        ("sc batch", "every batch, and how far it is"),
    ),
)
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Check the file and show what it asks for; make nothing.")
@click.option("--watch", is_flag=True, help="Follow it until all are complete, or wait for you.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def batch(file: Path | None, *, dry_run: bool, watch: bool, as_json: bool) -> int | None:
    """Make many missions from FILE, YAML or JSON: a list of missions, with their defaults above.

    A mission has an id or a title, text or file, and may have type, workflow, project, base, agent, model, needs and
    ready_when. It begins when the missions that it needs are complete, or, with `ready_when: work`, when their work
    waits for your review. With `base: "@other"` it begins at the branch of one that it needs.

    All of it is checked before anything is made. Missions are made one by one as the queue has room for them, by the
    supervisor; without one, by this command while it runs. The same file again goes on where it was, and makes nothing
    twice. Approving is yours: see sc missions.

    Exit code: 0, or with --watch 1 when one of them failed.
    """
    context = Context.of(os.environ)
    if file is None:
        if dry_run or watch:
            raise BadInput("missing argument 'FILE'", "name the file: sc batch tasks.yaml")
        _print_all(context, as_json)
        return None
    return _make(context, file, dry_run=dry_run, watch=watch, as_json=as_json)


def _make(context: Context, file: Path, *, dry_run: bool, watch: bool, as_json: bool) -> int | None:
    from scopecraft.cli.recipe_question import ask_about_recipe
    from scopecraft.cli.settings_question import ask_about_settings
    from scopecraft.missions.batch_file import read_batch
    from scopecraft.sessions.batch_progress import progress_of
    from scopecraft.sessions.batches import Asker, Checked, begun_batch
    from scopecraft.supervisor.background import ensure_up

    checked = Checked(context, file, read_batch(file), Asker(ask_about_settings, ask_about_recipe))
    if dry_run:
        _print_tasks(checked.tasks, as_json)
        say(f"{counted(len(checked.tasks), 'mission')}; nothing was made")
        return None
    made, is_new = begun_batch(context, checked, file)
    say(f"batch {made.id}: {counted(len(made.items), 'mission')}" + ("" if is_new else "; going on with it"))
    is_alone = not ensure_up(context.home, context.environ)
    if is_alone and not watch:
        note("no supervisor is up, so this command begins them: leave it running, or go on with it later")
    _feed(context, is_alone=is_alone)
    progress = progress_of(context, _again(context, made))
    if watch or is_alone:
        progress = _follow(context, progress, is_alone=is_alone)
    _print(progress, as_json)
    if not (watch or is_alone):
        say(f"how far it is: sc batch   follow it: sc batch {clean_line(str(file))} --watch")
    return 1 if (watch or is_alone) and progress.is_bad else None


def _feed(context: Context, *, is_alone: bool) -> None:
    """With the caller's own environment, whose keys the agents get; as many as there are places, and no more."""
    from scopecraft.sessions.batches import feed, room_alone, room_for
    from scopecraft.supervisor.asking import ask_to_carry_on

    rules = context.store.queue.rules()
    most = rules.max_running + rules.max_waiting
    feed(context, ask_to_carry_on, room_alone if is_alone else room_for, most=most)


def _follow(context: Context, progress: Progress, *, is_alone: bool) -> Progress:
    """Until nothing more happens by itself; each change is told once."""
    from scopecraft.sessions.batch_progress import progress_of

    seen: dict[str, str] = {}
    while True:
        for standing in progress.standings:
            words = _words(standing)
            if seen.setdefault(standing.item.task.name, "waits") != words:
                seen[standing.item.task.name] = words
                note(f"{standing.item.task.name}: {words}")
        if progress.is_over:
            return progress
        time.sleep(LOOK_SECONDS)
        if is_alone:
            _look_after(context, progress)
            _feed(context, is_alone=True)
        progress = progress_of(context, _again(context, progress.batch))


def _look_after(context: Context, progress: Progress) -> None:
    """What a supervisor would do: settle what is over, and begin what is due after it."""
    from scopecraft.model.session import is_live
    from scopecraft.sessions.settle import settle
    from scopecraft.supervisor.asking import ask_to_carry_on

    for standing in progress.standings:
        mission = standing.mission
        if mission is None or standing.is_resting or not standing.item.is_begun:
            continue
        for session in context.store.live_of(mission.id):
            if not is_live(settle(context, session.id).status):
                ask_to_carry_on(context, mission.id)


def _again(context: Context, batch: Batch) -> Batch:
    from scopecraft.missions.batch_store import load_batch

    return load_batch(context.home, batch.id) or batch


def _words(standing: Standing) -> str:
    words = _state_words(standing.state)
    return f"{words}: {standing.because}" if standing.because else words


def _print(progress: Progress, as_json: bool) -> None:
    if as_json:
        print_json({**_batch_dict(progress), "missions": [_standing_dict(each) for each in progress.standings]})
        return
    columns = (Column("NAME"), Column("STATE"), Column("MISSION", least=12), Column("BECAUSE", least=10))
    print_table(
        columns,
        [
            (
                each.item.task.name,
                _state_words(each.state),
                each.mission.slug if each.mission else "",
                each.because,
            )
            for each in progress.standings
        ],
    )


def _print_tasks(tasks: Sequence[BatchTask], as_json: bool) -> None:
    if as_json:
        from dataclasses import asdict

        print_json([asdict(task) for task in tasks])
        return
    columns = (
        Column("NAME"),
        Column("TITLE", least=12),
        Column("WORKFLOW"),
        Column("PROJECT"),
        Column("NEEDS", least=8),
    )
    print_table(
        columns,
        [(task.name, task.title, task.workflow or "", task.project or "", ", ".join(task.needs)) for task in tasks],
    )


def _print_all(context: Context, as_json: bool) -> None:
    from scopecraft.missions.batch_store import batches
    from scopecraft.sessions.batch_progress import progress_of

    found, damaged = batches(context.home)
    for error in damaged:
        warn(error.message, error.hint)
    progresses = [progress_of(context, each) for each in found]
    if as_json:
        print_json([_batch_dict(each) for each in progresses])
        return
    if not progresses:
        say("there is no batch; make one: sc batch FILE")
        return
    columns = (
        Column("BATCH", least=12),
        Column("MISSIONS", right=True),
        Column("STATE", least=20),
        Column("FILE", least=8),
    )
    print_table(columns, [(p.batch.id, str(len(p.standings)), _counted(p), p.batch.file) for p in progresses])


def _counted(progress: Progress) -> str:
    return ", ".join(f"{_state_words(state)} ({count})" for state, count in progress.counts().items())


def _state_words(state: str) -> str:
    """As `sc missions` says it; the batch has states of its own beside those of a mission."""
    return {str(status): words for status, words in STATUS_WORDS.items()}.get(state, state)


def _batch_dict(progress: Progress) -> dict[str, Any]:
    batch = progress.batch
    return {
        "id": batch.id,
        "file": batch.file,
        "made_at": batch.made_at,
        "is_over": progress.is_over,
        "counts": dict(progress.counts()),
    }


def _standing_dict(standing: Standing) -> dict[str, Any]:
    mission = standing.mission
    return {
        "name": standing.item.task.name,
        "mission_id": standing.item.mission_id,
        "slug": mission.slug if mission else None,
        "branch": mission.branch if mission else None,
        "state": standing.state,
        "because": standing.because or None,
        "needs": list(standing.item.task.needs),
    }
