"""`sc stop`: politely, then hard; whatever was done is there afterwards."""

from __future__ import annotations

import pytest

from tests.support.played import COMMIT, HANG, STARTED, Shop, check_invariants, measured
from tests.support.repos import git
from tests.support.wait import until

pytestmark = [pytest.mark.engine, pytest.mark.tmux, pytest.mark.image]

POLITE = f"trap '{COMMIT}; echo bye; exit 0' TERM; {STARTED}; echo hello; {HANG}"
DEAF = f"trap '' TERM; {COMMIT}; {STARTED}; echo hello; while :; do sleep 1; done"


def begun(shop: Shop, script: str) -> str:
    said = shop.run("fix-login", script)
    assert said.code == 0, said.err
    return shop.wait_started("fix-login").id


def test_an_agent_that_is_asked_to_end_says_its_last_words_and_its_last_commits_are_taken(shop: Shop) -> None:
    session_id = begun(shop, POLITE)
    said = shop.sc("stop", "fix-login")
    assert (said.code, "stopped by sc stop" in said.err) == (0, True)
    assert shop.outcome("fix-login") == {"kind": "killed", "by": "sc stop"}
    assert (shop.path(session_id) / "stream.jsonl").read_text() == "hello\nbye\n"
    assert shop.commits("feature/fix-login") == [session_id]
    assert git(shop.worktree("fix-login"), "status", "--porcelain") == ""
    check_invariants(shop)


def test_an_agent_that_does_not_listen_is_ended_after_the_grace(shop: Shop) -> None:
    shop.home.settings_file.write_text("[container]\nstop_grace = 2\n")
    session_id = begun(shop, DEAF)
    with measured() as took:
        assert shop.sc("stop", session_id).code == 0
    assert 2 <= took[0] < 20
    assert shop.outcome("fix-login")["kind"] == "killed"
    assert shop.commits("feature/fix-login") == [session_id]
    check_invariants(shop)


def test_now_is_now(shop: Shop) -> None:
    session_id = begun(shop, DEAF)
    with measured() as took:
        assert shop.sc("stop", session_id, "--now").code == 0
    assert took[0] < 10
    assert shop.outcome("fix-login") == {"kind": "killed", "by": "sc stop --now"}
    assert shop.commits("feature/fix-login") == [session_id]
    check_invariants(shop)


def test_now_hurries_a_stop_that_waits(shop: Shop) -> None:
    session_id = begun(shop, DEAF)
    polite = shop.begin("stop", session_id)
    until(lambda: shop.session("fix-login").stop_requested_at is not None, 20)
    with measured() as took:
        assert shop.sc("stop", session_id, "--now").code == 0
    assert took[0] < 8, "the grace is ten seconds"
    assert polite.wait(60) == 0
    check_invariants(shop)


def test_what_is_over_already_stays_as_it_was(shop: Shop) -> None:
    assert shop.run("fix-login", STARTED, "--follow").code == 0
    said = shop.sc("stop", "fix-login")
    assert (said.code, "had ended already: completed" in said.err) == (0, True)
    # over, but settled by nobody yet
    session_id = shop.run("fix-login", "exit 3").out.strip()
    shop.wait_over(session_id)
    assert shop.sc("stop", "fix-login").code == 0
    assert shop.outcome("fix-login") == {"kind": "failed", "reason": "Agent exited with code 3", "exit_code": 3}
    assert not shop.events(session_id, "session_stop_requested")
    check_invariants(shop)


def test_a_session_that_is_being_started_is_stopped_once_it_is_up(shop: Shop) -> None:
    starting = shop.begin_run("fix-login", POLITE, "--detach")
    until(lambda: shop.sessions(), 20, every=0.005)
    assert shop.session("fix-login").status.kind == "starting"
    assert shop.sc("stop", "fix-login").code == 0
    assert starting.wait(30) == 0
    assert shop.outcome("fix-login") == {"kind": "killed", "by": "sc stop"}
    check_invariants(shop)


def test_several_who_stop_the_same_session_all_see_its_end(shop: Shop) -> None:
    session_id = begun(shop, POLITE)
    stopping = [shop.begin("stop", session_id) for _ in range(5)]
    assert [process.wait(60) for process in stopping] == [0] * 5
    assert shop.outcome("fix-login") == {"kind": "killed", "by": "sc stop"}
    assert len(shop.events(session_id, "session_stop_requested")) == 1
    check_invariants(shop)


def test_a_window_is_stopped_with_all_that_its_agent_began(shop: Shop) -> None:
    assert shop.dispatch("fix-login", "trap 'exit 0' HUP TERM; setsid sleep 654 & sleep 600 & wait").code == 0
    assert shop.sc("stop", "fix-login").code == 0
    assert shop.outcome("fix-login") == {"kind": "killed", "by": "sc stop"}
    check_invariants(shop)


@pytest.mark.parametrize("damage", [b"", b"{", b"\0" * 100])
def test_a_session_whose_facts_are_damaged_can_be_stopped(shop: Shop, damage: bytes) -> None:
    session_id = begun(shop, POLITE)
    facts = shop.path(session_id) / "facts.json"
    facts.write_bytes(damage)
    assert shop.sc("stop", session_id).code == 0
    assert facts.read_bytes() == damage
    assert shop.alerts(session_id) == ["commits_postponed"]
    assert (shop.path(session_id) / "git" / "HEAD").exists()
