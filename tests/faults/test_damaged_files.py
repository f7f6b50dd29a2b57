"""Row 11: a damaged file of state is told with its path and hides nothing else, whoever meets it first."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from scopecraft.model.session import Completed, Ended, Failed
from scopecraft.state.store import DATABASE
from scopecraft.supervisor.log import log_path
from tests.support.damages import DAMAGES
from tests.support.faults import Agent, World, check_invariants
from tests.support.wait import until

pytestmark = [pytest.mark.engine, pytest.mark.image]

NAMES = ("facts.json", "metadata.json", "mission.json")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "turn" in metafunc.fixturenames:
        metafunc.parametrize("turn", range(len(NAMES)) if metafunc.config.getoption("--full") else [0])


def copies(file: Path) -> list[Path]:
    """What stands beside it under its name, moved aside."""
    return list(file.parent.glob(f"{file.name}.damaged-*"))


def state_file(world: World, name: str, session_id: str) -> Path:
    if name != "mission.json":
        return world.shop.path(session_id) / name
    (folder,) = world.shop.home.missions_active.glob(f"{world.get(session_id).mission_id}--*")
    return folder / name


def test_what_waits_with_a_damaged_request_ends_with_the_path_and_the_others_begin(world: World) -> None:
    world.rule(is_paused=True)
    files = {world.queue(task): damage for task, damage in DAMAGES.items()}
    good = world.queue("good")
    whole = {session_id: (world.shop.path(session_id) / "request.json").read_bytes() for session_id in files}
    for session_id, damage in files.items():
        (world.shop.path(session_id) / "request.json").write_bytes(damage)
    world.supervise()
    world.rule(is_paused=False)
    world.wait_ended()
    for session_id, damage in files.items():
        file, outcome = world.shop.path(session_id) / "request.json", world.outcome(session_id)
        assert isinstance(outcome, Failed) and outcome.reason.startswith(f"{file} cannot be read"), outcome
        assert file.read_bytes() == damage
        file.write_bytes(whole[session_id])
    assert world.outcome(good) == Completed()
    check_invariants(world)


def test_files_that_were_damaged_while_nobody_was_there_are_told_and_every_session_ends(
    world: World, turn: int
) -> None:
    world.rule(max_running=len(DAMAGES))
    agent = Agent(lines=200)
    damaged = {world.queue(task, agent): damage for task, damage in DAMAGES.items()}
    good = world.queue("good")
    supervisor = world.supervise()
    world.wait_begun(*damaged)
    until(lambda: all("session_started" in world.kinds(each) for each in damaged), 30)
    supervisor.kill()
    whole = {}
    names = {session_id: NAMES[(turn + number) % len(NAMES)] for number, session_id in enumerate(damaged)}
    for session_id, name in names.items():
        file = state_file(world, name, session_id)
        whole[file] = file.read_bytes()
        file.write_bytes(damaged[session_id])
    world.come_back()
    world.wait_ended()

    log = log_path(world.shop.home).read_text()
    for session_id, name in names.items():
        file, outcome = state_file(world, name, session_id), world.outcome(session_id)
        if name == "facts.json":
            assert isinstance(outcome, Failed) and str(file) in outcome.reason, outcome
            assert file.read_bytes() == damaged[session_id]
        else:
            assert outcome == Completed()
            (aside,) = copies(file)
            assert aside.read_bytes() == damaged[session_id]
            told = log if name == "metadata.json" else world.shop.sc("show", session_id).out
            assert str(file) in told
            aside.unlink()
        if name != "metadata.json":  # which was written anew
            file.write_bytes(whole[file])
    assert world.outcome(good) == Completed()
    assert {row["state"] for row in world.shop.rows()} == {"ended"}
    check_invariants(world)


@pytest.mark.parametrize("is_up", [False, True])
def test_a_database_that_was_destroyed_is_rebuilt_and_everything_goes_on_once(world: World, is_up: bool) -> None:
    world.rule(max_running=1)
    first = world.queue("first", Agent(lines=200))
    waiting = [world.queue(f"waits-{number}") for number in range(3)]
    supervisor = world.supervise()
    world.wait_begun(first)
    until(lambda: "session_started" in world.kinds(first), 30)
    if not is_up:
        supervisor.kill()
    database = world.shop.home.root / DATABASE
    rubbish = b"\0" * database.stat().st_size
    database.write_bytes(rubbish)
    if not is_up:
        world.come_back()
    world.wait_ended()

    assert supervisor.is_gone is not is_up
    assert [world.outcome(each) for each in (first, *waiting)] == [Completed()] * 4
    with world.store() as store:
        events = store.events()
    assert [event.session_id for event in events if event.kind == "session_starting"] == waiting
    (rebuilt,) = [event for event in events if event.kind == "state_rebuilt"]
    aside = [copy for copy in copies(database) if not copy.name.endswith(("-wal", "-shm"))]
    assert len(aside) == 1
    assert is_up or aside[0].read_bytes() == rubbish
    assert rebuilt.data["moved_to"] == str(aside[0])
    if not is_up:
        assert f"it was moved to {aside[0]} and rebuilt" in log_path(world.shop.home).read_text()
    for session in world.sessions():
        assert isinstance(session.status, Ended)
        assert world.shop.started(session.task) == [session.id]
        stream = world.shop.path(session.id) / "stream.jsonl"
        assert stream.read_bytes() == world.agents[session.id].writes(session.id)
    assert world.shop.containers() == []


def test_a_database_of_a_newer_version_is_left_alone(world: World) -> None:
    waits = world.queue("waits")
    database = world.shop.home.root / DATABASE
    with closing(sqlite3.connect(database)) as connection:
        known = connection.execute("PRAGMA user_version").fetchone()[0]
        connection.execute("PRAGMA user_version = 99")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    before = database.read_bytes()
    refused = world.begin()
    assert refused.wait_gone() != 0
    assert f"{database} has version 99" in refused.said.read_text()
    assert database.read_bytes() == before
    with closing(sqlite3.connect(database)) as connection:
        connection.execute(f"PRAGMA user_version = {known}")
    world.come_back()
    world.wait_ended(waits)
    check_invariants(world, completed=True)
