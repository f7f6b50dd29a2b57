"""Settling dies at any moment, or many settle at once: one outcome, the commits once, nothing left lying about."""

from __future__ import annotations

import random

import pytest

from tests.support.played import (
    COMMIT,
    HANG,
    LINES,
    STARTED,
    WORK,
    Shop,
    check_invariants,
    kill_after,
    kill_once,
    kill_when,
)
from tests.support.repos import git
from tests.support.wait import until

pytestmark = [pytest.mark.engine, pytest.mark.image]

# relative to the folder that holds home and repository; the last are those of a commit that comes in
MOMENTS = (
    "scopecraft/sessions/*/out/harvest/report",
    "shop/.git/objects/tmp_objdir-scopecraft-*",
    "shop/.git/objects/pack/*.keep",
    "shop/.git/refs/scopecraft/*",
    "scopecraft/sessions/*/.decided.json.*",
    "scopecraft/sessions/*/decided.json",
    "scopecraft/missions/active/*/runs/*.json",
)


def ended(shop: Shop, task: str, script: str = WORK) -> str:
    """The id of a session whose container is over, which nobody has settled."""
    session_id = shop.run(task, script).out.strip()
    shop.wait_over(session_id)
    return session_id


def killed(shop: Shop, task: str) -> str:
    """The same, of one that had no time to read out its commits."""
    session_id = shop.run(task, f"{COMMIT}; {STARTED}; {HANG}").out.strip()
    until(lambda: shop.started(task), 60, every=0.1)
    shop.container(session_id).kill()
    shop.wait_over(session_id)
    return session_id


def check_settled(shop: Shop, task: str, session_id: str) -> None:
    row = shop.row(task)
    assert row["state"] == "ended", row
    (taken,) = shop.events(session_id, "commits_taken")
    assert taken.data["commits"] == 1
    assert shop.commits(f"feature/{task}") == [session_id]
    assert git(shop.worktree(task), "status", "--porcelain") == ""
    assert len(shop.mission(task)["errors"]) == (row["status"]["outcome"]["kind"] != "completed")
    check_invariants(shop)


@pytest.mark.parametrize("moment", MOMENTS)
def test_settling_that_dies_at_a_known_moment_is_gone_on_with(shop: Shop, moment: str) -> None:
    for task, end in (("done", ended), ("lost", killed)):
        session_id = end(shop, task)
        for _ in range(2):
            kill_when(shop.begin("ls"), shop.folder.parent, moment)
        check_settled(shop, task, session_id)
    assert shop.outcome("done") == {"kind": "completed"}
    assert shop.outcome("lost")["kind"] == "interrupted"
    text = (shop.path(shop.session("done").id) / "stream.jsonl").read_text().split()
    assert text == [str(number) for number in range(1, LINES + 1)]


def test_settling_that_dies_at_any_moment_is_gone_on_with(shop: Shop) -> None:
    chance = random.Random("settling")
    for number in range(6):
        task = f"task-{number}"
        session_id = (killed if number % 2 else ended)(shop, task)
        for _ in range(3):
            kill_after(shop.begin(*chance.choice([("ls",), ("show", task)])), chance.uniform(0.1, 1.0))
        check_settled(shop, task, session_id)


@pytest.mark.parametrize("how", [ended, killed])
def test_eight_who_settle_the_same_session_come_to_one_end(shop: Shop, how: object) -> None:
    session_id = how(shop, "fix-login")  # type: ignore[operator]
    settlers = [
        shop.begin(*words) for words in [("ls",), ("show", "fix-login"), ("stop", session_id), ("ls", "-a")] * 2
    ]
    assert [settler.wait(100) for settler in settlers] == [0] * 8
    check_settled(shop, "fix-login", session_id)


def test_settling_after_the_harvest_of_a_killed_one_is_still_at_work(shop: Shop) -> None:
    session_id = killed(shop, "fix-login")
    settling = shop.begin("ls")

    def is_harvesting() -> bool:
        return any(box.name == f"sc-harvest-{session_id}" for box in shop.containers())

    until(is_harvesting, 30, every=0.005)
    settling.kill()
    settling.wait()
    check_settled(shop, "fix-login", session_id)


def test_a_harvest_that_ended_after_its_settling_was_killed_goes_before_the_session_has_ended(shop: Shop) -> None:
    session_id = killed(shop, "fix-login")
    assert kill_when(shop.begin("ls"), shop.path(session_id), "out/harvest/log")
    harvest = shop.engine.containers.get(f"sc-harvest-{session_id}")
    until(lambda: harvest.reload() or harvest.status == "exited", 30, what="the harvest to end by itself")
    # and killed again as soon as the end is recorded
    kill_once(shop.begin("ls"), lambda: shop.events(session_id, "session_ended"))
    assert shop.containers() == []
    check_settled(shop, "fix-login", session_id)
