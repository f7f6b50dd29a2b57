"""Rows 9 and 10: no space left, for the state of a home, for one worktree, for one log."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from docker import DockerClient

from scopecraft.model.session import Completed, Failed
from scopecraft.supervisor.log import log_path
from tests.support.boxes import ENGINE
from tests.support.command_line import sc
from tests.support.faults import Agent, World, check_invariants, cpu_share, opened_world
from tests.support.played import Shop
from tests.support.repos import make_repository
from tests.support.small_disk import fill, small_disk
from tests.support.wait import until

pytestmark = [pytest.mark.engine, pytest.mark.image]

FULL = Failed("the disk was full when it ended (No space left on device)", 0)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "blocks" in metafunc.fixturenames:
        metafunc.parametrize("blocks", (0, 1, 3, 8, 12, 20) if metafunc.config.getoption("--full") else (0, 8))


@pytest.fixture
def small_world(
    clean_environment: Path, engine: DockerClient, agent_image: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[World]:
    """Its home is all that is on a disk of 1 MiB."""
    folder = make_repository(clean_environment / "shop")
    with small_disk(clean_environment / "disk") as disk:
        monkeypatch.setenv("SCOPECRAFT_HOME", str(disk / "home"))
        assert sc("init").code == 0
        assert sc("link", cwd=folder).code == 0
        shop = Shop(folder, engine)
        # what a full disk does is looked at beyond the point where a start is put off
        shop.home.settings_file.write_text("[worktrees]\nfree_floor = 1\n")
        try:
            with opened_world(shop, ENGINE) as world:
                yield world
        finally:
            for container in shop.containers():
                container.remove(force=True, v=True)


@contextmanager
def on_small_disk(folder: Path) -> Iterator[None]:
    """What is in the folder moves to a disk of 1 MiB that is mounted there."""
    kept = folder.with_name(f"{folder.name}-kept")
    folder.rename(kept)
    with small_disk(folder):
        shutil.copytree(kept, folder, symlinks=True, dirs_exist_ok=True)
        shutil.rmtree(kept)
        yield


def files(world: World) -> set[str]:
    """Of the home, but for what only comes and goes with SQLite."""
    root = world.shop.home.root
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file() and path.suffix != ".db-shm"}


def test_a_state_that_finds_no_space_stays_whole_and_all_goes_on_when_there_is_some(
    small_world: World, blocks: int, full: bool
) -> None:
    world = small_world
    world.rule(max_running=1)
    first = world.queue("first", Agent(lines=1, after="until [ -e end ]; do sleep 0.1; done"))
    second = world.queue("second")
    supervisor = world.supervise()
    world.wait_begun(first)
    until(lambda: "session_started" in world.kinds(first), 20)
    before, sessions = files(world), world.sessions()

    ballast = fill(world.shop.home.root.parent, but=blocks)
    refused = [world.shop.sc("queue", "pause"), world.shop.run("third", "true")] if blocks == 0 else []
    for said in refused:
        assert said.code == 1, said
        assert "the disk is full" in said.err and said.err.count("\n") == 2, said.err
    if refused:
        ballast.unlink()
        assert world.sessions() == sessions
        assert files(world) == before
        ballast = fill(world.shop.home.root.parent)
    world.shop.container(first).exec_run(["touch", "end"], workdir=str(world.shop.worktree("first")))
    world.shop.wait_over(first)
    share = cpu_share(supervisor.process, 20 if full else 3)
    assert share < 0.25, f"it meets a full disk with {share:.0%} of a processor"
    ballast.unlink()

    world.wait_ended(first, second)
    assert not supervisor.is_gone
    # who looks takes what could not be read out of it
    assert world.shop.sc("show", "first").code == 0
    assert not list(world.shop.home.root.rglob("*.tmp"))
    # where its log and its work could not be written to the end, that is no success
    ended = world.outcome(first)
    assert ended == Completed() or (isinstance(ended, Failed) and re.search("the disk (is|was) full", ended.reason)), (
        ended
    )
    assert world.outcome(second) == Completed()
    check_invariants(world)
    print(f"a full home cost {share:.1%} of a processor; first: {ended}")


def test_an_agent_whose_log_fills_its_disk_fails_and_the_others_go_on(world: World) -> None:
    world.rule(is_paused=True)
    loud = Agent(lines=1, after="head -c 3000000 /dev/zero")
    session_id = world.queue("loud", loud)
    others = [world.queue(f"other-{number}") for number in range(2)]
    folder = world.shop.path(session_id)
    with on_small_disk(folder):
        world.rule(is_paused=False, max_running=2)
        supervisor = world.supervise()
        world.wait_begun(session_id)
        world.wait_ended(*others)
        world.shop.wait_over(session_id)
        log = log_path(world.shop.home)
        until(lambda: "the disk is full" in log.read_text(), what="it to tell that the end cannot be recorded")
        stream = folder / "stream.jsonl"
        os.truncate(stream, len(loud.writes(session_id)) - len("half a line"))  # space is freed
        world.wait_ended()
        assert world.outcome(session_id) == FULL
        assert [world.outcome(each) for each in others] == [Completed(), Completed()]
        assert not supervisor.is_gone
        check_invariants(world)
        supervisor.kill()


def test_an_agent_that_fills_its_worktree_fails_with_the_reason_and_the_others_go_on(world: World) -> None:
    before = world.queue("greedy")
    world.supervise()
    world.wait_ended()
    with on_small_disk(world.shop.worktree("greedy")):
        greedy = world.queue("greedy", Agent(after="head -c 3000000 /dev/zero >big || exit 7"))
        others = [world.queue(f"other-{number}") for number in range(2)]
        world.wait_ended()
        outcome = world.outcome(greedy)
        assert isinstance(outcome, Failed) and "No space left on device" in outcome.reason, outcome
        assert {world.outcome(each) for each in (before, *others)} == {Completed()}
        assert (world.shop.worktree("greedy") / "big").stat().st_size > 0, "what it did is not touched"
        check_invariants(world)
