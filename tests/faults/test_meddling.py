"""Row 21: what hands do to worktrees, repository and images, and what a fork bomb does, all under one supervisor."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import replace

import pytest
from docker import DockerClient
from docker.errors import ImageNotFound

from scopecraft.model.session import Completed, Failed, TimedOut
from scopecraft.sessions.enqueueing import enqueue
from tests.support.faults import QUICK, Agent, World, check_invariants
from tests.support.played import COMMIT
from tests.support.repos import git
from tests.support.wait import until

pytestmark = [pytest.mark.engine, pytest.mark.image]

IMAGE = f"sc-test-taken-away-{os.getpid()}"
WORKS = Agent(before=COMMIT, after="until [ -e /mission/artifacts/end ]; do sleep 0.05; done")
BOMB = "b() { b | b & }; b; sleep 600"
SECONDS = 6


@pytest.fixture
def image(engine: DockerClient, agent_image: str) -> Iterator[str]:
    """Another name of the agent image, for a test to take away."""
    engine.images.get(agent_image).tag(IMAGE)
    yield IMAGE
    with contextlib.suppress(ImageNotFound):
        engine.images.remove(IMAGE)


def queue(world: World, task: str, played: Agent = QUICK, **changes: object) -> str:
    """As `World.queue`, with changes to the request."""
    context = world.context
    with context.store:
        session_id = enqueue(context, replace(world.request(task, played), **changes)).session.id  # type: ignore[arg-type]
    world.agents[session_id] = played
    return session_id


def leave_a_lock(world: World, task: str) -> None:
    """As a git leaves it that is killed while it holds the index."""
    lock = world.shop.folder / ".git" / "worktrees" / task / "index.lock"
    process = subprocess.Popen(
        ["git", "commit", "--all", "--allow-empty"],
        cwd=world.shop.worktree(task),
        env={**os.environ, "GIT_EDITOR": "sleep 600 #"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    until(lock.exists, what="git to hold the index")
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert lock.exists()


def test_each_gets_one_clear_sentence_and_an_honest_end(world: World, image: str) -> None:
    world.shop.home.settings_file.write_text(f'[agents.moved]\ndialect = "plain"\nimage = "{image}"\n')
    world.rule(is_paused=True)
    deleted, locked = queue(world, "deleted", WORKS), queue(world, "locked", WORKS)
    elsewhere = queue(world, "elsewhere")
    imageless = queue(world, "imageless", agent="moved")
    limits = ("container.pids=64", f"container.timeout={SECONDS}", "container.stop_grace=1")
    bomb = queue(world, "bomb", Agent(lines=1, after=BOMB), overrides=limits)
    well = queue(world, "well")
    git(world.shop.folder, "switch", "--quiet", "--create", "feature/elsewhere")
    world.shop.engine.images.remove(image)
    world.supervise()
    world.rule(is_paused=False)
    world.wait_begun(deleted, locked)
    for session_id in (deleted, locked):  # it has made its commit
        stream = world.shop.path(session_id) / "stream.jsonl"
        until(lambda file=stream: file.read_bytes().endswith(b"half a line"), 30)

    shutil.rmtree(world.shop.worktree("deleted"))
    leave_a_lock(world, "locked")
    for task in ("deleted", "locked"):
        (artifacts,) = world.shop.home.missions_active.glob(f"m-*--{task}/artifacts")
        (artifacts / "end").touch()
    world.wait_ended()

    for session_id, task in ((deleted, "deleted"), (locked, "locked")):
        assert world.outcome(session_id) == Completed()
        assert world.shop.commits(f"feature/{task}") == [session_id]
    assert world.shop.alerts(locked) == ["index_left"]
    assert world.outcome(elsewhere) == Failed(f"the branch feature/elsewhere is checked out in {world.shop.folder}")
    assert world.outcome(imageless) == Failed(f"the engine has no image {image}")
    ended = world.outcome(bomb)
    assert ended == TimedOut(SECONDS) or (isinstance(ended, Failed) and "container.pids" in ended.reason), ended
    assert world.outcome(well) == Completed()
    for session_id in (elsewhere, imageless, bomb):
        told = world.shop.sc("show", session_id)
        assert told.code == 0 and "Traceback" not in told.out + told.err
        print(world.outcome(session_id))
    check_invariants(world)
