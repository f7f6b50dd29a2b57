"""Rows 12 to 14: half lines, a past that somebody changed, and a system that does not tell of changes."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from scopecraft.model.session import Completed, Interrupted
from scopecraft.supervisor.log import log_path
from tests.support.command_line import PROGRAM
from tests.support.engine import unavailable
from tests.support.faults import Agent, World, check_invariants
from tests.support.supervisors import Supervisor, answering
from tests.support.wait import until

pytestmark = [pytest.mark.engine, pytest.mark.image]

CHANGES = ("truncated", "replaced", "removed")
LIMITS = ("max_inotify_watches", "max_inotify_instances")
KINDS = ["session_created", "session_starting", "session_started"]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    is_full = metafunc.config.getoption("--full")
    for name, values, briefly in (("change", CHANGES, 2), ("limit", LIMITS, 1)):
        if name in metafunc.fixturenames:
            metafunc.parametrize(name, values if is_full else values[:briefly])


def go(name: str) -> str:
    """Wait, in a shell, until the test says so."""
    return f"until [ -e /mission/artifacts/{name} ]; do sleep 0.05; done"


def say(world: World, session_id: str, name: str) -> None:
    (folder,) = world.shop.home.missions_active.glob(f"{world.get(session_id).mission_id}--*")
    (folder / "artifacts" / name).touch()


def stream_of(world: World, session_id: str) -> Path:
    return world.shop.path(session_id) / "stream.jsonl"


def activity(supervisor: Supervisor, session_id: str) -> dict[str, Any]:
    found: dict[str, Any] = supervisor.ask("activities").get(session_id) or {"offset": -1, "last_message": ""}
    return found


def wait_read(world: World, supervisor: Supervisor, session_id: str, seconds: float = 20) -> int:
    """Until it knows all whole lines that stand in the file now; how many bytes these are."""

    def is_read() -> int:
        size = stream_of(world, session_id).read_bytes().rfind(b"\n") + 1
        return size if activity(supervisor, session_id)["offset"] == size else 0

    return until(is_read, seconds, every=0.05, what=f"it to know the stream: {activity(supervisor, session_id)}")


def wait_written(world: World, session_id: str) -> None:
    """Until a played agent has written all that it is to write."""
    until(lambda: stream_of(world, session_id).read_bytes().endswith(b"half a line"), 30)


def watches(pid: int) -> int:
    """How many folders the system watches for that process."""
    found = 0
    for file in Path(f"/proc/{pid}/fdinfo").iterdir():
        with contextlib.suppress(OSError):  # closed meanwhile
            found += sum(line.startswith("inotify wd:") for line in file.read_text().splitlines())
    return found


def check_log(world: World) -> None:
    log = log_path(world.shop.home).read_text()
    assert "fault" not in log and "Traceback" not in log, log


def test_a_half_line_of_a_killed_writer_waits_for_its_rest(world: World) -> None:
    """Row 12, with the writer's death in the container, and then with the container's."""
    killed = "sh -c 'printf \"this is half\"; kill -9 $$'"
    grows = Agent(lines=1, before=f"{killed}; {go('rest')}; echo ' and whole'; {go('end')}")
    first = world.queue("first", grows)
    cut = world.queue("cut", Agent(lines=1, before="printf 'never whole'; sleep 600"))
    whole = b"this is half and whole\n" + Agent(lines=1).writes(first)
    supervisor = world.supervise()
    until(lambda: stream_of(world, first).exists() and b"half" in stream_of(world, first).read_bytes(), 60)
    until(lambda: stream_of(world, cut).exists() and b"never" in stream_of(world, cut).read_bytes(), 60)
    world.shop.container(cut).kill()
    world.wait_ended(cut)
    assert isinstance(world.outcome(cut), Interrupted)
    with stream_of(world, cut).open("ab") as file:
        file.write(b" but grows\nand grows\n")
    assert activity(supervisor, first)["last_message"] == ""
    say(world, first, "rest")
    until(lambda: activity(supervisor, first)["last_message"] == "this is half and whole", 20)
    say(world, first, "end")
    world.wait_ended()
    assert world.outcome(first) == Completed()
    assert stream_of(world, first).read_bytes() == whole
    assert "never whole" in world.shop.sc("logs", cut).out
    check_log(world)
    del world.agents[first], world.agents[cut]  # their streams are none that a played agent knows of
    check_invariants(world)


def test_a_past_that_was_changed_is_told_and_moves_no_session_twice(world: World, change: str) -> None:
    """Row 13."""
    session_id = world.queue("first", Agent(lines=50, before=go("begin"), after=f"{go('more')}; echo; echo more"))
    supervisor = world.supervise()
    world.wait_begun(session_id)
    say(world, session_id, "begin")
    stream = stream_of(world, session_id)
    wait_written(world, session_id)
    read = wait_read(world, supervisor, session_id)
    if change == "truncated":
        os.truncate(stream, read // 2)
    elif change == "removed":
        stream.unlink()
    else:
        other = stream.with_name("other")
        shutil.copy(stream, other)
        other.replace(stream)
    until(lambda: world.kinds(session_id)[len(KINDS) :], 10, what="it to be noticed")
    say(world, session_id, "more")
    world.wait_ended()
    assert world.kinds(session_id) == [*KINDS, "alert_raised", "commits_taken", "session_ended"]
    assert world.shop.alerts(session_id) == ["stream_rewritten"]
    (told,) = world.shop.events(session_id, "alert_raised")
    assert f"was {change} after" in str(told.data["text"])
    assert world.outcome(session_id) == Completed()
    check_log(world)
    del world.agents[session_id]
    check_invariants(world)


def test_changes_that_the_system_did_not_tell_of_are_found_and_told(world: World) -> None:
    """Row 14: more happens in the watched folders than fits into the queue of the system."""
    most = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    if most > 200_000:
        unavailable(f"this machine's inotify queue has room for {most} events")
    first, second = (world.queue(task, Agent(before=go("begin"), after=go("end"))) for task in ("first", "second"))
    supervisor = world.supervise()
    world.wait_begun(first, second)
    until(lambda: watches(supervisor.pid) == 2, what="both to be watched")
    supervisor.signal(signal.SIGSTOP)
    folder = world.shop.path(first)
    with (folder / "one").open("ab", buffering=0) as one, (folder / "other").open("ab", buffering=0) as other:
        for _ in range(most):  # in turn: the same change twice in a row counts once
            one.write(b"x")
            other.write(b"x")
    for session_id in (first, second):
        say(world, session_id, "begin")
        wait_written(world, session_id)
    supervisor.signal(signal.SIGCONT)
    read = [wait_read(world, supervisor, each) for each in (first, second)]
    assert min(read) > 0
    text = "more changed at once than the system could tell of; every stream was looked at anew"
    until(lambda: text in log_path(world.shop.home).read_text(), 20, what="the loss to be told")
    for session_id in (first, second):
        say(world, session_id, "end")
    world.wait_ended()
    check_log(world)
    assert log_path(world.shop.home).read_text().count(text) == 1
    check_invariants(world, completed=True)
    print(f"{2 * most} changes for a queue of {most}: {sum(read)} bytes of two streams were read all the same")


def test_without_watches_the_streams_are_looked_at_and_that_is_told(world: World, limit: str) -> None:
    # a user namespace has limits of its own, so nobody else's are touched
    inside = ("unshare", "--user", "--map-root-user", "sh", "-c", f'echo 0 >/proc/sys/user/{limit} && exec "$@"', "sh")
    if subprocess.run([*inside, "true"], capture_output=True).returncode != 0:
        unavailable("this machine does not let a test make a user namespace")
    session_ids = [world.queue(task, Agent(after=go("end"))) for task in ("first", "second")]
    supervisor = world.begin(program=(*inside, *PROGRAM, "serve"))
    answering(supervisor)
    world.wait_begun(*session_ids)
    for session_id in session_ids:
        wait_written(world, session_id)
        wait_read(world, supervisor, session_id, seconds=5)
        say(world, session_id, "end")
    world.wait_ended()
    assert log_path(world.shop.home).read_text().count("changes are looked for 5 times a second: inotify") == 1
    check_log(world)
    check_invariants(world, completed=True)
