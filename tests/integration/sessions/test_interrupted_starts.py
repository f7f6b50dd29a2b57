"""Ctrl-C while a session is being started: nothing runs on that nobody knows of, and the task can be started again."""

from __future__ import annotations

import random
import signal
import subprocess
import time

import pytest

from scopecraft.model.session import Ended, Failed, Interrupted, Killed
from tests.support.played import HANG, STARTED, WORK, Shop, check_invariants

pytestmark = [pytest.mark.engine, pytest.mark.tmux, pytest.mark.image]

MOMENTS = (
    "missions/active/m-*",
    "worktrees/shop/*/.git",
    "sessions/r-*/metadata.json",
    "sessions/r-*/git",
    "sessions/r-*/facts.json",
    "missions/active/*/artifacts/started",
)
HONEST = (Failed("the start was interrupted"), Killed("the command that started it"), Interrupted("starter"))


def interrupt_when(process: subprocess.Popen[bytes], shop: Shop, moment: str) -> int:
    """Its exit code."""
    while process.poll() is None:
        if next(shop.home.root.glob(moment), None):
            process.send_signal(signal.SIGINT)
            return process.wait(60)
    return process.wait(60)


def check_honest(shop: Shop, code: int) -> bool:
    """Whether it runs: it had come up before the interruption. Else it never ran, or was stopped."""
    assert code in (0, 130), code
    states = [row["state"] for row in shop.rows()]
    check_invariants(shop)
    for session in shop.sessions():
        if isinstance(session.status, Ended):
            assert code == 130
            assert session.status.outcome in HONEST
    return states == ["running"]


@pytest.mark.parametrize("moment", MOMENTS)
def test_an_interrupted_run_leaves_nothing_that_runs(shop: Shop, moment: str) -> None:
    code = interrupt_when(shop.begin_run("fix-login", f"{STARTED}; {HANG}", "--detach"), shop, moment)
    if check_honest(shop, code):
        assert shop.sc("stop", "fix-login", "--now").code == 0
    assert shop.run("fix-login", WORK, "--follow").code == 0
    check_invariants(shop)


def test_runs_and_dispatches_interrupted_at_any_moment_leave_nothing_that_runs(shop: Shop) -> None:
    chance = random.Random("interrupt")
    for number in range(12):
        task = f"task-{number}"
        if number % 2:
            process = shop.begin("dispatch", task, "--agent", "plain", "--", "sleep", "600")
        else:
            process = shop.begin_run(task, f"{STARTED}; {HANG}", "--detach")
        # not before Python itself is up: until then Ctrl-C ends it with words of its own
        time.sleep(chance.uniform(0.2, 0.7))  # the moment itself is what is tested
        process.send_signal(signal.SIGINT)
        process.wait(60)
        for row in shop.rows():
            if row["state"] != "ended":  # it had come up before
                assert row["state"] == "running"
                assert shop.sc("stop", task, "--now").code == 0
        check_invariants(shop)
