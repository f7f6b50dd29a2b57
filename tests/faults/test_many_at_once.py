"""Row 20: a home that has grown, and many who ask at once: as many as may are let in, each once."""

from __future__ import annotations

import json
import sqlite3
import statistics
import subprocess
import sys
from collections import Counter
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta

import pytest

from scopecraft.missions.folder import folder_of
from scopecraft.model.clock import to_text
from scopecraft.model.ids import new_mission_id, new_session_id
from scopecraft.state.rows import insert_session
from scopecraft.state.store import DATABASE
from tests.support.documents import ROOT
from tests.support.faults import HELD, QUICK, World, check_invariants
from tests.support.made_missions import add_mission
from tests.support.played import measured
from tests.support.sessions import a_session, ended

pytestmark = [pytest.mark.engine, pytest.mark.image]

PROCESSES, SUBMISSIONS, TWICE = 8, 50, 5
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def test_of_many_requests_at_once_as_many_as_may_are_taken_and_each_once(world: World, full: bool) -> None:
    missions, worktrees = (10_000, 500) if full else (2_000, 20)
    grow(world, missions, worktrees)
    holding = [world.queue(f"holding-{number}", HELD) for number in range(3)]
    world.rule(max_waiting=10)
    world.supervise()
    world.wait_begun(*holding)
    told = submitted(world)

    accepted = {task: word for task, word in told if word.startswith("r-")}
    refused = Counter(word for _, word in told if not word.startswith("r-"))
    assert len(told) == SUBMISSIONS
    assert len(accepted) == 10, told
    assert set(refused) <= {"QueueFull", "AlreadyRunning"}, refused
    assert refused["AlreadyRunning"] <= TWICE
    with world.store() as store:
        assert {item.session.id for item in store.line()} == set(accepted.values())
    assert max(Counter(session.task for session in world.sessions()).values()) == 1
    print(f"of {SUBMISSIONS} at once 10 were taken, {dict(refused)}")
    tell_ls(world, f"{missions:,} missions, 13 sessions live")

    world.agents.update(dict.fromkeys(accepted.values(), QUICK))
    world.release(*holding)
    world.wait_ended()
    check_invariants(world, completed=True)
    add_ended(world, missions)
    tell_ls(world, f"{missions:,} missions, as many sessions ended")


def grow(world: World, missions: int, worktrees: int) -> None:
    """All of them as a start makes them; those without a worktree are copies of one."""
    for number in range(worktrees):
        first = add_mission(world.shop.folder, f"tree-{number}")
    row = json.loads((folder_of(world.shop.home, first) / "mission.json").read_text())
    for number in range(missions - worktrees):
        mission_id, slug = new_mission_id(BEGIN + timedelta(seconds=number)), f"old-{number}"
        folder = world.shop.home.missions_active / f"{mission_id}--{slug}"
        folder.mkdir()
        names = {"title": slug, "slug": slug, "branch": f"feature/{slug}"}
        worktree = str(world.shop.home.worktrees / "shop" / slug)
        (folder / "mission.json").write_text(
            json.dumps({**row, "mission_id": mission_id, **names, "worktree": worktree})
        )


def submitted(world: World) -> list[tuple[str, str]]:
    """By several processes at the same moment, some of them for the same task: what each was told."""
    go = world.shop.folder.parent / "go"
    tasks = [f"task-{number % (SUBMISSIONS - TWICE)}" for number in range(SUBMISSIONS)]
    command = [sys.executable, "-m", "tests.support.submissions", str(go)]
    with ExitStack() as kept:
        processes = []
        for number in range(PROCESSES):
            process = subprocess.Popen(
                [*command, *tasks[number::PROCESSES]],
                cwd=world.shop.folder,
                env={**world.environ, "PYTHONPATH": str(ROOT)},
                stdout=subprocess.PIPE,
                text=True,
            )
            kept.callback(process.kill)
            processes.append(process)
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        go.touch()
        return [
            tuple(json.loads(line)) for process in processes for line in process.communicate(timeout=60)[0].splitlines()
        ]


def tell_ls(world: World, what: str) -> None:
    took = []
    for _ in range(5):
        with measured() as one:
            assert world.shop.sc("ls").code == 0
        took += one
    print(f"`sc ls`, {what}: {statistics.median(took) * 1000:.0f} ms")


def add_ended(world: World, count: int) -> None:
    with closing(sqlite3.connect(world.shop.home.root / DATABASE)) as connection, connection:
        for number in range(count):
            at = BEGIN + timedelta(seconds=number)
            ids = {"id": new_session_id(at), "mission_id": new_mission_id(at)}
            session = a_session(**ids, created_at=to_text(at), task=f"old-{number}", status=ended())
            insert_session(connection, session)
