"""Batches with real containers: the cap is kept, what is killed goes on, and nothing is made twice."""

from __future__ import annotations

import json

import pytest

from tests.support.batches import batch_file, missions, most_at_once, quick_agent, rows
from tests.support.played import Shop, check_invariants, kill_once
from tests.support.repos import git
from tests.support.supervisors import running_supervisor
from tests.support.wait import until

pytestmark = [pytest.mark.engine, pytest.mark.image]

MISSIONS = 12


@pytest.fixture
def desk(shop: Shop) -> Shop:
    quick_agent(shop)
    return shop


def test_a_batch_keeps_the_cap_and_finishes_whoever_is_killed(desk: Shop) -> None:
    """The command first, then the supervisor in the middle of it."""
    file = batch_file(desk, rows(MISSIONS))
    with running_supervisor() as supervisor:
        making = desk.begin("batch", str(file), "--watch")
        assert kill_once(making, lambda: missions(desk).total() >= 2)
        until(lambda: missions(desk)["waiting_code_review"] >= 2, 120, every=0.05)
        supervisor.kill()
    with running_supervisor():
        said = desk.sc("batch", str(file), "--watch", "--json")
        assert said.code == 0, said.err
        told = json.loads(said.out)
        assert told["counts"] == {"waiting_code_review": MISSIONS} and told["is_over"]
        assert "going on with it" in said.err
    assert missions(desk) == {"waiting_code_review": MISSIONS}
    running, waiting = most_at_once(desk)
    assert running <= 3 and waiting <= 10
    assert [len(desk.commits(f"feature/task-{number}")) for number in range(MISSIONS)] == [1] * MISSIONS
    check_invariants(desk)
    listed = json.loads(desk.sc("batch", "--json").out)
    assert [each["counts"] for each in listed] == [{"waiting_code_review": MISSIONS}]


def test_without_a_supervisor_the_command_feeds_it_itself(desk: Shop) -> None:
    """One begins at the branch of another when its work is done; a third waits for a person, and a fourth for it."""
    first, second, third, fourth = rows(4)
    second |= {"needs": ["task-0"], "base": "@task-0", "ready_when": "work"}
    third |= {"needs": ["task-0"]}
    fourth |= {"needs": ["task-2"]}
    file = batch_file(desk, [second, first, third, fourth])
    making = desk.begin("batch", str(file))
    assert kill_once(making, lambda: desk.started("task-0"))
    said = desk.sc("batch", str(file))
    assert said.code == 0, said.err
    assert missions(desk) == {"waiting_code_review": 2}
    assert len(desk.commits("feature/task-1")) == 2
    assert git(desk.folder, "merge-base", "--is-ancestor", "feature/task-0", "feature/task-1") == ""
    assert "task-2  waits" in said.out and "for task-0" in said.out
    assert "task-1  waits for your code review" in said.out

    assert desk.sc("mission", "approve", "task-0", "--yes").code == 0
    said = desk.sc("batch", str(file), "--json")
    states = {each["name"]: each["state"] for each in json.loads(said.out)["missions"]}
    assert states == {
        "task-0": "completed",
        "task-1": "waiting_code_review",
        "task-2": "waiting_code_review",
        "task-3": "waits",
    }


def test_nothing_is_made_of_a_file_that_asks_for_what_is_not_there(desk: Shop) -> None:
    one, two, three = rows(3)
    file = batch_file(desk, [one | {"workflow": "none"}, two | {"agent": "nobody"}, three | {"base": "no-branch"}])
    said = desk.sc("batch", str(file))
    assert said.code == 2
    for place in ("missions[0].workflow", "missions[1].agent", "missions[2].base"):
        assert place in said.err
    assert not list(desk.home.missions_active.iterdir()) and not desk.home.batches.exists()
    said = desk.sc("batch", str(batch_file(desk, rows(2))), "--dry-run")
    assert (said.code, len(said.out.splitlines())) == (0, 3)
    assert not desk.home.batches.exists()
