"""`sc run` with a supervisor: the warm process starts it, or it waits in line, and nobody needs to be there."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scopecraft.model.event import Event
from scopecraft.model.queue import QueueRules
from scopecraft.sessions.context import Context
from tests.support.command_line import PROGRAM, environment, sc
from tests.support.supervisors import Supervisor, running_supervisor
from tests.support.wait import until

pytestmark = [pytest.mark.engine]

AT = "2026-01-01T00:00:00.000Z"


@pytest.fixture
def supervisor(workplace: Path) -> Iterator[Supervisor]:
    with running_supervisor() as running:
        yield running


def script(text: str) -> tuple[str, ...]:
    return ("--agent", "plain", "--", "sh", "-c", text)


def states() -> dict[str, Any]:
    return {row["task"]: row for row in json.loads(sc("ls", "--all", "--json").out)}


def has_ended(*tasks: str) -> bool:
    now = states()
    return all(now[task]["state"] == "ended" for task in tasks)


def rules(**changes: Any) -> QueueRules:
    store = Context.of(os.environ).store
    with store:
        return store.queue.change_rules(lambda known: replace(known, **changes), AT, {"change": "test"})


def journal(*kinds: str) -> list[Event]:
    with Context.of(os.environ).store as store:
        return [event for event in store.events() if event.kind in kinds]


def order_of(*kinds: str) -> list[tuple[str, str]]:
    names = {row["id"]: task for task, row in states().items()}
    return [(event.kind, names[event.session_id or ""]) for event in journal(*kinds)]


def test_a_run_is_followed_to_its_end_and_its_commits_are_there(supervisor: Supervisor, workplace: Path) -> None:
    said = sc("run", "one", *script("echo hello; echo x >f; git add f; git commit -qm f"), cwd=workplace)
    assert said.code == 0, said.err
    assert "hello" in said.out and "commits: 1 on feature/one" in said.err
    assert supervisor.ask("activities") == {}  # nothing is followed that has ended


def test_what_finds_no_slot_waits_and_begins_in_its_order(supervisor: Supervisor, workplace: Path) -> None:
    rules(max_running=1)
    for name in ("a", "b", "c", "d"):
        said = sc("run", "-d", name, *script("sleep 0.2"), cwd=workplace)
        assert said.code == 0, said.err
    assert "place" in said.err
    until(lambda: has_ended("a", "b", "c", "d"), 60)
    begun = [name for kind, name in order_of("session_created", "session_starting") if kind == "session_starting"]
    assert begun == ["b", "c", "d"]  # the first needed not wait
    running = 0
    for kind, _ in order_of("session_started", "session_ended"):
        running += 1 if kind == "session_started" else -1
        assert running <= 1
    assert {row["outcome"] for row in states().values()} == {"completed"}


def test_a_paused_queue_takes_what_comes_and_begins_nothing(supervisor: Supervisor, workplace: Path) -> None:
    rules(is_paused=True)
    waits = sc("run", "-d", "later", *script("true"), cwd=workplace)
    assert waits.code == 0 and "the queue is paused" in waits.err
    supervisor.ask("wake")
    assert states()["later"]["state"] == "queued"
    supervisor.kill()  # it is paused for the next one too
    with running_supervisor():
        assert states()["later"]["state"] == "queued"
        rules(is_paused=False)
        until(lambda: has_ended("later"), 30)


def test_one_that_waits_is_taken_out_by_its_name_and_leaves_nothing(supervisor: Supervisor, workplace: Path) -> None:
    rules(is_paused=True)
    sc("run", "-d", "later", *script("true"), cwd=workplace)
    stopped = sc("stop", "later", cwd=workplace)
    assert stopped.code == 0, stopped.err
    assert states()["later"]["outcome"] == "killed"
    rules(is_paused=False)
    supervisor.ask("wake")
    again = sc("run", "later", *script("echo again"), cwd=workplace)
    assert again.code == 0, again.err


def test_a_failure_stops_the_queue_where_that_is_asked_for(supervisor: Supervisor, workplace: Path) -> None:
    rules(max_running=1, stops_on_failure=True)
    sc("run", "-d", "bad", *script("sleep 0.3; exit 3"), cwd=workplace)
    sc("run", "-d", "next", *script("true"), cwd=workplace)
    until(lambda: has_ended("bad"), 30)
    until(lambda: rules().is_paused, 10)
    supervisor.ask("wake")
    assert states()["next"]["state"] == "queued"
    assert "bad ended badly" in rules().paused_because


def test_what_is_refused_leaves_nothing_and_says_so_as_ever(supervisor: Supervisor, workplace: Path) -> None:
    refused = sc("run", "one", "--agent", "nobody", "-m", "x", cwd=workplace)
    assert refused.code == 2 and "no agent is called 'nobody'" in refused.err
    lost = sc("run", "one", "--set", "container.image=no-such-image:ever", *script("true"), cwd=workplace)
    assert lost.code == 4 and "no image no-such-image:ever" in lost.err
    assert states() == {} and list((Path(os.environ["SCOPECRAFT_HOME"]) / "sessions").iterdir()) == []


def test_a_full_queue_refuses_and_names_its_limits(supervisor: Supervisor, workplace: Path) -> None:
    rules(is_paused=True, max_waiting=1)
    assert sc("run", "-d", "one", *script("true"), cwd=workplace).code == 0
    full = sc("run", "-d", "two", *script("true"), cwd=workplace)
    assert full.code == 3 and "the queue is full: 0 of 3 run, 1 of 1 wait" in full.err
    assert set(states()) == {"one"}


def test_what_cannot_begin_when_its_turn_comes_ends_with_the_reason(supervisor: Supervisor, workplace: Path) -> None:
    rules(is_paused=True)
    sc("run", "-d", "one", *script("true"), cwd=workplace)
    (workplace / ".git").rename(workplace / "gone")
    rules(is_paused=False)
    supervisor.ask("wake")
    until(lambda: has_ended("one"), 30)
    assert states()["one"]["outcome"] == "failed"
    shown = sc("show", "one")
    assert shown.code == 0 and "the repository of project shop is not at" in shown.out
    (workplace / "gone").rename(workplace / ".git")


def test_what_ran_on_without_a_supervisor_is_adopted_and_what_waited_goes_on(
    supervisor: Supervisor, workplace: Path
) -> None:
    rules(max_running=1)
    sc("run", "-d", "first", *script("echo begun; while ! [ -e go ]; do sleep 0.1; done; echo done"), cwd=workplace)
    sc("run", "-d", "second", *script("true"), cwd=workplace)
    until(lambda: states()["first"]["state"] == "running", 30)
    supervisor.kill()
    (Path(states()["first"]["worktree"]) / "go").touch()
    with running_supervisor():
        until(lambda: has_ended("first", "second"), 60)
    assert sc("logs", "first").out.count("begun") == 1
    assert [row["attempt"] for row in states().values()] == [1, 1]


def test_what_is_put_in_line_is_checked_by_the_supervisor_as_it_is_here(
    supervisor: Supervisor, workplace: Path
) -> None:
    rules(is_paused=True, max_waiting=2)
    wrong = sc("queue", "add", "--from", "-", cwd=workplace, stdin=b"one: x\ntwo: y\n", ANTHROPIC_API_KEY="")
    assert wrong.code == 4 and "error: line 1: claude has no key" in wrong.err
    assert states() == {}
    full = sc("queue", "add", "a", "b", "c", *script("true"), cwd=workplace)
    assert full.code == 3 and "2 of 3 were added" in full.err
    assert set(states()) == {"a", "b"}
    rules(is_paused=False)
    supervisor.ask("wake")
    until(lambda: has_ended("a", "b"), 60)


def test_down_may_end_what_runs_and_the_list_tells_that_what_waits_is_alone(
    supervisor: Supervisor, workplace: Path
) -> None:
    assert sc("run", "-d", "work", *script("sleep 600"), cwd=workplace).code == 0
    rules(paused_because="test", is_paused=True)
    assert sc("run", "-d", "later", *script("true"), cwd=workplace).code == 0
    assert "no supervisor" not in sc("ls").err
    down = sc("down", "--stop-sessions")
    assert f"ended meanwhile: {states()['work']['id']} (work)\n" in down.err
    assert states()["work"]["detail"] == "stopped by sc down"
    assert "no supervisor is up to start what waits: sc up" in sc("ls").err
    supervisor.wait_gone()


def test_who_waits_in_line_starts_the_supervisor_that_crashed(supervisor: Supervisor, workplace: Path) -> None:
    rules(max_running=1)
    sc("run", "-d", "first", *script("while ! [ -e go ]; do sleep 0.1; done"), cwd=workplace)
    waiting = subprocess.Popen(
        [*PROGRAM, "run", "second", *script("echo mine")],
        cwd=workplace,
        env=environment(SCOPECRAFT_SUPERVISOR=""),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        until(lambda: "second" in states(), 30)
        supervisor.kill()
        (Path(states()["first"]["worktree"]) / "go").touch()
        out, said = waiting.communicate(timeout=60)
        assert waiting.returncode == 0 and b"mine" in out and b"another one is up" in said
    finally:
        waiting.kill()
        assert sc("down").code == 0
