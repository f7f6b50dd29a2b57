"""The command that starts a session dies at any moment: what it got up goes on, what it did not is told."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from scopecraft.model.session import Ended, Interrupted
from tests.support.played import (
    COMMIT,
    LINES,
    STARTED,
    WORK,
    Shop,
    all_settled,
    check_invariants,
    kill_after,
    kill_once,
    kill_when,
)

pytestmark = [pytest.mark.engine, pytest.mark.tmux, pytest.mark.image]

RUN_MOMENTS = (
    "missions/active/.making-*",
    "missions/active/m-*",
    "worktrees/shop/*/.git",
    "sessions/r-*",
    "sessions/r-*/metadata.json",
    "sessions/r-*/git",
    "sessions/r-*/secrets/env",
    "sessions/r-*/facts.json",
    "missions/active/*/artifacts/started",
)
WINDOW_MOMENTS = ("sessions/r-*/metadata.json", "sessions/r-*/facts.json", "sessions/r-*/launch/window.sh", "started")


@pytest.fixture(autouse=True)
def included_files(shop: Shop) -> None:
    """Files that git does not carry come into each worktree."""
    (shop.folder / ".env").write_text("KEY=1\n")
    (shop.folder / ".git" / "info" / "exclude").write_text(".env\n.worktreeinclude\n")
    (shop.folder / ".worktreeinclude").write_text(".env\n")


def check_usable(shop: Shop, task: str) -> None:
    """Another session of the task does its work, and everything before it is told honestly."""
    all_settled(shop)
    said = shop.run(task, WORK, "--follow")
    assert said.code == 0, said.err
    rows = [row for row in all_settled(shop) if row["task"] == task]
    assert rows
    worked = [row["id"] for row in rows if row["status"]["outcome"]["kind"] == "completed"]
    assert sorted(shop.commits(f"feature/{task}")) == sorted(worked)
    for row in rows:
        outcome = row["status"]["outcome"]
        assert outcome["kind"] == "completed" or outcome["cause"] == "starter", row
        if outcome["kind"] == "completed":
            lines = (shop.path(row["id"]) / "stream.jsonl").read_text().split()
            assert lines == [str(number) for number in range(1, LINES + 1)]
    assert (shop.worktree(task) / ".env").read_text() == "KEY=1\n"
    check_invariants(shop)


@pytest.mark.parametrize("moment", RUN_MOMENTS)
def test_a_run_that_dies_at_a_known_moment_leaves_a_task_that_works(shop: Shop, moment: str) -> None:
    process = shop.begin_run("fix-login", WORK, "--detach")
    kill_when(process, shop.home.root, moment)
    check_usable(shop, "fix-login")


def test_a_start_that_dies_before_the_ignored_files_were_copied_has_them_copied_by_the_next(shop: Shop) -> None:
    locked = shop.folder / ".git" / "worktrees" / "fix-login" / "locked"
    process = shop.begin_run("fix-login", WORK, "--detach")
    assert kill_once(process, lambda: locked.exists() and locked.read_text().startswith("scopecraft mission"))
    check_usable(shop, "fix-login")


@pytest.mark.parametrize("how", ["--detach", "--timeout=60s"])
def test_runs_that_die_at_any_moment_leave_tasks_that_work(shop: Shop, how: str) -> None:
    chance = random.Random(how)
    for number in range(6):
        task = f"task-{number // 2}"
        kill_after(shop.begin_run(task, WORK, how), chance.uniform(0.1, 0.9))
    for number in range(3):
        check_usable(shop, f"task-{number}")


MERGE = """
git switch -qc other && echo theirs >clash.txt && git add clash.txt && git commit -qm theirs
git switch -q feature/fix-login && echo ours >clash.txt && git add clash.txt && git commit -qm ours
git merge other || exit 0
"""
GO_ON = "git rev-parse -q --verify MERGE_HEAD && echo both >clash.txt && git add clash.txt && git commit -qm merged"


@pytest.mark.parametrize("moment", ["git/MERGE_HEAD", "secrets/env", "facts.json"])
def test_a_half_done_merge_survives_a_start_that_dies(shop: Shop, moment: str) -> None:
    assert shop.run("fix-login", MERGE, "--follow").code == 0
    first = shop.path(shop.session("fix-login").id)
    assert (first / "git" / "MERGE_HEAD").exists()
    process = shop.begin_run("fix-login", GO_ON, "--detach")
    assert kill_once(process, lambda: any(file != first / moment for file in shop.home.sessions.glob(f"r-*/{moment}")))
    assert shop.outcome("fix-login")["cause"] == "starter"
    assert (first / "git" / "MERGE_HEAD").exists()
    said = shop.run("fix-login", GO_ON, "--follow")
    assert said.code == 0, said.err
    assert shop.commits("feature/fix-login") == ["merged", "ours", "theirs"]
    assert not (first / "git").exists()
    check_invariants(shop)


def window_agent(home: Path) -> str:
    return f'echo "$SCOPECRAFT_SESSION" >>{home}/started; {COMMIT}; sleep 600'


@pytest.mark.parametrize("moment", WINDOW_MOMENTS)
def test_a_dispatch_that_dies_at_a_known_moment_has_one_window_or_none(shop: Shop, moment: str) -> None:
    process = shop.begin("dispatch", "t", "--agent", "plain", "--", "sh", "-c", window_agent(shop.home.root))
    kill_when(process, shop.home.root, moment)
    check_windows(shop)


def test_dispatches_that_die_at_any_moment_have_one_window_or_none(shop: Shop) -> None:
    chance = random.Random("windows")
    for number in range(8):
        agent = window_agent(shop.home.root)
        process = shop.begin("dispatch", f"t{number}", "--agent", "plain", "--", "sh", "-c", agent)
        kill_after(process, chance.uniform(0.1, 1.0))
    check_windows(shop)


def check_windows(shop: Shop) -> None:
    for row in shop.rows():
        assert row["state"] in ("running", "ended"), row
    begun = (shop.home.root / "started").read_text().split() if (shop.home.root / "started").exists() else []
    assert len(begun) == len(set(begun))
    for session in shop.sessions():
        if isinstance(session.status, Ended):
            assert session.status.outcome == Interrupted("starter")
            assert session.id not in begun, "its agent runs, and it is said to have never started"
    check_invariants(shop)
    for session in shop.sessions():
        assert shop.sc("stop", session.id).code == 0
    check_invariants(shop)


def test_a_container_that_was_made_and_not_started_is_taken_away(shop: Shop) -> None:
    # killed before it asks the engine for anything: a request under way could still start the container
    assert kill_when(shop.begin_run("fix-login", WORK, "--detach"), shop.home.root, "sessions/r-*/git")
    (session,) = shop.sessions()
    (shop.path(session.id) / "facts.json").write_text("{}")  # from here on the engine may have been asked
    labels = {"scopecraft.home": shop.home.label, "scopecraft.session": session.id}
    shop.engine.containers.create("scopecraft-agent", "true", name=f"sc-{session.id}", labels=labels)
    assert shop.outcome("fix-login") == {"kind": "interrupted", "cause": "starter", "detail": ""}
    check_invariants(shop)


def test_a_container_that_comes_up_after_its_session_was_given_up_is_swept_away(shop: Shop) -> None:
    assert kill_when(shop.begin_run("a", WORK, "--detach"), shop.home.root, "sessions/r-*/git")
    assert shop.outcome("a")["cause"] == "starter"
    labels = {"scopecraft.home": shop.home.label, "scopecraft.session": shop.session("a").id}
    shop.engine.containers.create("scopecraft-agent", "true", name=f"sc-{shop.session('a').id}", labels=labels)
    assert shop.run("b", STARTED, "--follow").code == 0
    check_invariants(shop)
