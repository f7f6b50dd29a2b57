"""What happens to a container behind our back ends in one honest sentence, and what it committed is taken."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.played import COMMIT, HANG, LINES, STARTED, WORK, Shop, check_invariants, measured
from tests.support.silent_engine import SilentEngine
from tests.support.wait import until

pytestmark = [pytest.mark.engine, pytest.mark.image]

WORK_AND_HANG = f"{COMMIT}; {STARTED}; {HANG}"
# what it does when it is asked to end, as agents do
POLITE = f"trap '{COMMIT}; echo bye; exit 0' TERM; {STARTED}; {HANG}"


def settings(shop: Shop, text: str) -> None:
    shop.home.settings_file.write_text(text)


def begun(shop: Shop, script: str, task: str = "fix-login") -> str:
    """The id of a session whose agent is at work."""
    said = shop.run(task, script)
    assert said.code == 0, said.err
    return shop.wait_started(task).id


def test_one_that_ended_while_nobody_looked_has_its_exit_code_and_its_whole_log(shop: Shop) -> None:
    session_id = shop.run("fix-login", f"{WORK}; echo oh >&2; exit 3").out.strip()
    shop.wait_over(session_id)
    assert shop.outcome("fix-login") == {"kind": "failed", "reason": "Agent exited with code 3: oh", "exit_code": 3}
    lines = (shop.path(session_id) / "stream.jsonl").read_text().split()
    assert lines == [str(number) for number in range(1, LINES + 1)]
    check_invariants(shop)


def test_a_removed_container_is_an_interruption_and_its_commits_are_taken(shop: Shop) -> None:
    session_id = begun(shop, WORK_AND_HANG)
    shop.container(session_id).remove(force=True)
    outcome = shop.outcome("fix-login")
    assert (outcome["kind"], outcome["cause"]) == ("interrupted", "engine")
    assert shop.commits("feature/fix-login") == [session_id]
    assert shop.run("fix-login", WORK, "--follow").code == 0
    check_invariants(shop)


@pytest.mark.parametrize("how", ["kill", "stop"])
def test_a_container_stopped_by_others_is_an_interruption_and_its_commits_are_taken(shop: Shop, how: str) -> None:
    session_id = begun(shop, WORK_AND_HANG if how == "kill" else POLITE)
    getattr(shop.container(session_id), how)()
    outcome = shop.outcome("fix-login")
    assert outcome == {"kind": "interrupted", "cause": "engine", "detail": "its container was stopped from outside"}
    assert shop.commits("feature/fix-login") == [session_id]
    assert ((shop.path(session_id) / "stream.jsonl").read_text() == "bye\n") == (how == "stop")
    check_invariants(shop)


EAT = 'python3 -c "b = [bytearray(2**20) for _ in range(300)]"'


@pytest.mark.parametrize(
    ("script", "kind"),
    [(f"{STARTED}; {COMMIT}; exec {EAT}", "failed"), (f"{STARTED}; {COMMIT}; {EAT}; exit 0", "failed")],
    ids=["the agent is killed", "a child is killed and the agent goes on"],
)
def test_want_of_memory_is_told_whoever_was_killed(shop: Shop, script: str, kind: str) -> None:
    settings(shop, '[container]\nmemory = "96m"\n')
    session_id = begun(shop, script)
    shop.wait_over(session_id)
    outcome = shop.outcome("fix-login")
    assert outcome["kind"] == kind
    assert "ran out of memory" in outcome["reason"]
    assert shop.commits("feature/fix-login") == [session_id]
    check_invariants(shop)


ALL_PROCESSES = """
import os, time
while True:
    try:
        os.fork() or time.sleep(600)
    except OSError:
        pass
"""


def test_an_agent_that_takes_all_processes_is_ended_at_its_limit_all_the_same(shop: Shop) -> None:
    settings(shop, "[container]\npids = 64\ntimeout = 6\nstop_grace = 1\n")
    session_id = begun(shop, f"{COMMIT}; {STARTED}; exec python3 -c '{ALL_PROCESSES}'")
    until(lambda: shop.container(session_id).status == "exited", 60, every=0.2, what="the container to be over")
    assert shop.outcome("fix-login") == {"kind": "timed_out", "limit_seconds": 6}
    assert shop.commits("feature/fix-login") == [session_id]
    check_invariants(shop)


def test_a_fork_bomb_is_over_when_its_agent_is(shop: Shop) -> None:
    settings(shop, "[container]\npids = 64\ntimeout = 6\nstop_grace = 1\n")
    session_id = begun(shop, f"{COMMIT}; {STARTED}; b() {{ b & b & }}; while :; do b; sleep 1; done")
    until(lambda: shop.container(session_id).status == "exited", 60, every=0.2, what="the container to be over")
    outcome = shop.outcome("fix-login")
    # its own shell may die of it first
    assert outcome["kind"] == "timed_out" or "Cannot fork" in outcome["reason"]
    assert shop.commits("feature/fix-login") == [session_id]
    check_invariants(shop)


def test_commits_are_read_out_by_another_image_when_the_sessions_own_is_gone(shop: Shop) -> None:
    shop.engine.images.get("scopecraft-agent").tag("scopecraft-test-gone", shop.home.label)
    name = f"scopecraft-test-gone:{shop.home.label}"
    settings(shop, f'[container]\nimage = "{name}"\n')
    try:
        session_id = begun(shop, WORK_AND_HANG)
    finally:
        shop.engine.images.remove(name)
    assert shop.sc("stop", session_id, "--now").code == 0
    assert shop.outcome("fix-login") == {"kind": "killed", "by": "sc stop --now"}
    assert shop.commits("feature/fix-login") == [session_id]
    check_invariants(shop)
    again = shop.run("fix-login", WORK)
    assert (again.code, name in again.err) == (4, True)


def test_a_machine_that_was_restarted_is_named(shop: Shop) -> None:
    session_id = begun(shop, WORK_AND_HANG)
    facts = shop.path(session_id) / "facts.json"
    boot_id = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    assert boot_id in facts.read_text()
    # what a file of the time before the restart holds: the kernel's name for another run of the machine
    facts.write_text(facts.read_text().replace(boot_id, "0" * 8 + boot_id[8:]))
    shop.container(session_id).kill()
    assert shop.outcome("fix-login") == {"kind": "interrupted", "cause": "machine", "detail": "it was restarted"}
    assert shop.commits("feature/fix-login") == [session_id]
    check_invariants(shop)


def test_a_hanging_engine_is_unknown_and_nothing_is_concluded(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    socket = shop.folder.parent / "engine"
    socket.symlink_to("/var/run/docker.sock")
    monkeypatch.setenv("DOCKER_HOST", f"unix://{socket}")
    session_id = begun(shop, WORK_AND_HANG)
    socket.unlink()
    with SilentEngine(socket):
        with measured() as took:
            (row,) = shop.rows()
        assert (row["state"], "did not answer" in row["detail"]) == ("unknown", True)
        assert took[0] < 6
        said = shop.sc("stop", session_id)
        assert said.code == 4
        assert "does not answer" in said.err
    assert not shop.events(session_id, "session_stop_requested")
    socket.unlink()
    (row,) = shop.rows()
    assert row["state"] == "unknown"
    socket.symlink_to("/var/run/docker.sock")
    assert shop.row("fix-login")["state"] == "running"
    assert shop.sc("stop", session_id).code == 0
    check_invariants(shop)


def test_a_start_on_an_engine_that_goes_silent_is_ended_when_it_comes_up_after_all(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The engine may have heard the order and obey it after we gave up."""
    socket = shop.folder.parent / "engine"
    socket.symlink_to("/var/run/docker.sock")
    monkeypatch.setenv("DOCKER_HOST", f"unix://{socket}")
    process = shop.begin_run("fix-login", WORK_AND_HANG, "--detach", heard=True)
    until(lambda: list(shop.home.sessions.glob("r-*/git")) or process.poll() is not None, 30, every=0.001)
    socket.unlink()
    with SilentEngine(socket):
        _, complaint = process.communicate(timeout=100)
        assert process.returncode == 4, complaint
        assert b"does not answer" in complaint
        with measured() as took:
            assert shop.rows()[0]["state"] == "unknown"
        assert took[0] < 6
    socket.unlink()
    socket.symlink_to("/var/run/docker.sock")
    assert shop.outcome("fix-login")["kind"] in ("interrupted", "killed")
    check_invariants(shop)
