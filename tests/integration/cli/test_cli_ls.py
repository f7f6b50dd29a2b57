"""`sc ls`: which sessions are listed, and in which words."""

from __future__ import annotations

import json
from typing import Any

import pytest

from scopecraft.cli.ls import LATEST_ENDED, OUTCOMES
from scopecraft.config.paths import Home
from scopecraft.missions.folder import create_mission
from scopecraft.model.handle import ContainerHandle
from scopecraft.model.mission import Mission
from scopecraft.model.session import Completed, Failed, Interrupted, Killed, Outcome, Queued, Running, TimedOut
from scopecraft.state.store import Store
from tests.support.command_line import sc
from tests.support.sessions import AT, LATER, a_mission_id, a_session, ended

NO_ENGINE = "unix:///no/engine.sock"
ENDS: dict[str, tuple[Outcome, str]] = {
    "completed": (Completed(), ""),
    "failed": (Failed("Agent exited with code 3"), "Agent exited with code 3"),
    "timed-out": (TimedOut(90), "ended at its time limit of 1m30s"),
    "killed": (Killed("sc stop"), "stopped by sc stop"),
    "interrupted": (Interrupted("engine"), "the container went away"),
}


def over(store: Store, task: str, outcome: Outcome | None = None, **changes: Any) -> str:
    session = store.create(a_session(task=task, **changes), AT)
    store.move(session.id, ended(outcome), "session_ended", LATER)
    return session.id


def listed(*options: str) -> list[dict[str, Any]]:
    said = sc("ls", "--json", *options)
    assert said.code == 0, said.err
    rows: list[dict[str, Any]] = json.loads(said.out)
    return rows


@pytest.fixture
def one_of_each(store: Store) -> None:
    assert set(ENDS) == set(OUTCOMES)
    for name, (outcome, _) in ENDS.items():
        over(store, f"was-{name}", outcome)
    lives = store.create(a_session(task="lives"), AT)
    store.move(lives.id, Running(AT, ContainerHandle(NO_ENGINE, "sc-x", "ab" * 32)), "session_started", AT)


@pytest.mark.parametrize("word", OUTCOMES)
def test_sessions_can_be_asked_for_by_how_they_ended(one_of_each: None, word: str) -> None:
    [row] = listed("--state", word)
    kind = word.replace("-", "_")
    assert (row["task"], row["state"], row["outcome"]) == (f"was-{word}", "ended", kind)
    assert row["detail"] == ENDS[word][1]
    assert row["status"]["outcome"]["kind"] == kind


def test_a_table_says_how_it_ended_once(one_of_each: None) -> None:
    lines = {line.split()[1]: line for line in sc("ls").out.splitlines()}
    for word, (_, detail) in ENDS.items():
        shown = word.replace("-", " ")
        assert lines[f"was-{word}"].replace(f"was-{word}", "").count(shown) == 1
        assert lines[f"was-{word}"].rstrip().endswith(detail or "shop")
    assert (
        "state        interrupted: the container went away\n"
        in sc("show", listed("--state", "interrupted")[0]["id"]).out
    )


def test_words_for_states_and_ends_may_be_mixed(one_of_each: None) -> None:
    assert {row["task"] for row in listed("--state", "failed", "--state", "killed")} == {"was-failed", "was-killed"}
    assert len(listed("--state", "ended")) == len(OUTCOMES)
    assert sc("ls", "--state", "over").code == 2


def test_until_it_has_ended_there_is_no_outcome(one_of_each: None) -> None:
    assert [(row["task"], row["outcome"]) for row in listed("--state", "unknown")] == [("lives", None)]


def test_what_stands_in_line_is_listed_in_its_order(store: Store) -> None:
    for task in ("one", "two", "three"):
        store.queue.enqueue(a_session(task=task, status=Queued(LATER)), LATER, lambda *_: None)
    one, two, three = (item.session.id for item in store.line())
    store.queue.reorder([three, one, two], LATER, {})
    rows = listed()
    assert [(row["task"], row["state"], row["place"], row["since"]) for row in rows] == [
        ("three", "queued", 1, LATER),
        ("one", "queued", 2, LATER),
        ("two", "queued", 3, LATER),
    ]
    assert [row["detail"] for row in rows] == ["next in line", "2nd in line", "3rd in line"]


def test_each_state_says_who_tells_it(one_of_each: None) -> None:
    assert {row["state"]: row["state_source"] for row in listed()} == {"unknown": "none", "ended": "record"}


def test_what_is_asked_for_is_not_lost_behind_the_latest(store: Store) -> None:
    over(store, "long-ago", Failed("no"))
    for number in range(LATEST_ENDED + 2):
        over(store, f"fine-{number}")
    assert [row["task"] for row in listed("--state", "failed")] == ["long-ago"]
    said = sc("ls", "--state", "completed")
    assert len(said.out.splitlines()) == LATEST_ENDED + 1
    assert "the earlier ones: sc ls --all" in said.err
    assert len(listed("--all")) == LATEST_ENDED + 3


def a_mission(home: Home, slug: str) -> str:
    mission = Mission(
        id=a_mission_id(),
        title=slug,
        slug=slug,
        type="feature",
        workflow_id="oneshot",
        current_step=0,
        status="completed",
        project="shop",
        branch=f"feature/{slug}",
        base="0" * 40,
        worktree=str(home.worktrees / "shop" / slug),
        created_at=AT,
        updated_at=AT,
    )
    create_mission(home, mission, "")
    return mission.id


@pytest.mark.parametrize("name", ["add-02B", "02B", "fix-02B", "Add 02B"])
def test_a_task_is_found_as_it_is_everywhere(home: Home, store: Store, name: str) -> None:
    mission_id = a_mission(home, "add-02B")
    mine = [over(store, "add-02B", mission_id=mission_id) for _ in range(2)]
    over(store, "other-03C")
    assert [row["id"] for row in listed("--task", name)] == mine[::-1]
    assert [row["id"] for row in listed("--task", mission_id)] == mine[::-1]


def test_a_task_whose_mission_is_gone_is_known_by_its_name(store: Store) -> None:
    mine = over(store, "add-02B")
    over(store, "other")
    assert [row["id"] for row in listed("--task", "add-02B")] == [mine]
    assert listed("--task", "nothing") == []


def test_what_a_person_ran_beside_an_agent_pushes_no_agent_out(store: Store) -> None:
    agent = over(store, "fix-login")
    visits = [over(store, "fix-login", step_id="visit", attempt=number) for number in range(1, LATEST_ENDED + 3)]
    assert [row["id"] for row in listed()] == [agent]
    assert {row["id"] for row in listed("--task", "fix-login")} == {agent, *visits}
    assert {row["id"] for row in listed("--all")} == {agent, *visits}


def test_a_step_of_a_workflow_is_told_beside_the_task(store: Store) -> None:
    over(store, "fix-login", step_id="research")
    over(store, "add-search", step_id="implementation")
    said = sc("ls")
    assert "fix-login · research" in said.out
    assert "add-search ·" not in said.out
