"""`sc exec` and the shell: a person's command in a mission's container, beside its agent or in one of its own."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.support.command_line import PROGRAM, environment, sc_bytes
from tests.support.played import Shop, all_settled, check_invariants
from tests.support.wait import until

WAIT = "while ! [ -e /workspace/go ]; do sleep 0.1; done"


def begin(shop: Shop, *arguments: str) -> subprocess.Popen[bytes]:
    """`sc exec` that is left to itself, with an open standard input and outputs that can be read."""
    return subprocess.Popen(
        [*PROGRAM, "exec", *arguments],
        cwd=shop.folder,
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def inside(shop: Shop, session_id: str) -> str:
    return str(shop.container(session_id).top(ps_args="-eo pid,args")["Processes"])


def test_bytes_go_in_and_come_out_as_they_are(shop: Shop) -> None:
    assert shop.run("fix", "true", "--follow").code == 0
    sent = bytes(range(256)) * 5000 + b"no newline at the end"
    script = "cat; printf 'an\\0 error' >&2; exit 7"
    done = sc_bytes("exec", "fix", "--", "sh", "-c", script, cwd=shop.folder, stdin=sent)
    assert done.returncode == 7
    assert done.stdout == sent
    assert done.stderr == b"an\0 error"
    assert shop.containers() == []


def test_what_is_committed_comes_to_the_branch_and_the_mission_stays_where_it_was(shop: Shop) -> None:
    assert shop.run("fix", "true", "--follow").code == 0
    before = shop.mission("fix")
    done = shop.sc("exec", "fix", "sh", "-c", "echo x >x; git add x; git commit -qm mine; touch uncommitted")
    assert done.code == 0, done.err
    assert done.err == "commits taken to the branch: 1\n"
    assert shop.commits("feature/fix") == ["mine"]
    assert (shop.worktree("fix") / "uncommitted").exists()
    assert shop.mission("fix") == before
    row = shop.row("fix")
    assert (row["agent"], row["step_id"], row["status"]["outcome"]["kind"]) == ("exec", "visit", "completed")
    check_invariants(shop)


def test_a_failed_visit_moves_no_mission_either(shop: Shop) -> None:
    assert shop.run("fix", "true", "--follow").code == 0
    before = shop.mission("fix")
    assert shop.sc("exec", "fix", "false").code == 1
    assert shop.sc("exec", "fix", "no-such-program").code == 127
    assert shop.mission("fix") == before
    assert shop.outcome("fix") == {"kind": "failed", "reason": "Agent exited with code 127", "exit_code": 127}


def test_beside_an_agent_one_sees_what_it_sees_and_leaves_it_alone(shop: Shop) -> None:
    assert shop.run("fix", f"env >environment; echo agent; {WAIT}; echo over").code == 0
    session = shop.session("fix")
    until(lambda: "agent" in (shop.path(session.id) / "stream.jsonl").read_text(), 60, what="the agent to begin")
    done = shop.sc("exec", "fix", "sh", "-c", "pwd; id -u; env; exit 3")
    assert done.code == 3, done.err
    pwd, uid, *variables = done.out.splitlines()
    assert (pwd, uid) == (str(shop.worktree("fix")), str(os.getuid()))
    own = ("SCOPECRAFT_", "PWD=", "OLDPWD=", "_=", "SHLVL=")
    agents = (shop.worktree("fix") / "environment").read_text().splitlines()
    assert {v for v in variables if not v.startswith(own)} == {v for v in agents if not v.startswith(own)}
    assert [row["id"] for row in shop.rows()] == [session.id]
    (shop.worktree("fix") / "go").touch()
    all_settled(shop)
    assert shop.outcome("fix")["kind"] == "completed"
    assert (shop.path(session.id) / "stream.jsonl").read_text() == "agent\nover\n"


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_an_interrupted_command_ends_inside_too(shop: Shop, number: signal.Signals, code: int) -> None:
    assert shop.run("fix", WAIT).code == 0
    session = shop.session("fix")
    visitor = begin(shop, "fix", "sh", "-c", "trap '' TERM; echo there; sleep 777 & setsid sleep 778 & wait")
    assert visitor.stdout is not None
    assert visitor.stdout.readline() == b"there\n"
    until(lambda: "sleep 778" in inside(shop, session.id), what="all of it to begin")
    visitor.send_signal(number)
    visitor.communicate(timeout=60)
    assert visitor.returncode == code
    assert "sleep 77" not in inside(shop, session.id)
    assert shop.row("fix")["state"] == "running"
    (shop.worktree("fix") / "go").touch()
    all_settled(shop)


def test_a_visit_whose_sc_was_killed_is_ended_by_whoever_looks(shop: Shop) -> None:
    assert shop.run("fix", "true", "--follow").code == 0
    visitor = begin(
        shop, "fix", "sh", "-c", "echo x >x; git add x; git commit -qm kept; touch committed; echo there; sleep 600"
    )
    assert visitor.stdout is not None
    assert visitor.stdout.readline() == b"there\n"
    session = shop.session("fix")
    assert shop.row("fix")["state"] == "running"
    visitor.kill()
    visitor.communicate(timeout=60)
    row = shop.row("fix")
    assert row["id"] == session.id
    assert row["status"]["outcome"]["kind"] == "killed"
    assert shop.commits("feature/fix") == ["kept"]
    assert shop.containers() == []
    check_invariants(shop)


def test_two_visits_at_once_share_a_container(shop: Shop) -> None:
    assert shop.run("fix", "true", "--follow").code == 0
    first = begin(shop, "fix", "sh", "-c", "touch /tmp/first; echo there; read line; exit 0")
    assert first.stdout is not None
    assert first.stdout.readline() == b"there\n"
    assert shop.sc("exec", "fix", "ls", "/tmp/first").code == 0
    assert len(shop.containers()) == 1
    first.communicate(b"go\n", timeout=60)
    assert first.returncode == 0
    assert shop.containers() == []


def test_beside_a_window_there_is_no_container_to_go_into(shop: Shop) -> None:
    assert shop.dispatch("fix", "sleep 600").code == 0
    refused = shop.sc("exec", "fix", "ls")
    assert refused.code == 3
    assert 'cd "$(sc path fix)"' in refused.err
    assert shop.sc("stop", "fix", "--now").code == 0
    assert shop.sc("exec", "fix", "ls").code == 0


def test_keys_are_there_inside_and_nowhere_else(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-of-a-visitor-0001")
    assert shop.sc("run", "fix", "--agent", "plain", "-m", "x", "--", "true").code == 0
    visitor = begin(
        shop, "fix", "sh", "-c", 'echo "$ANTHROPIC_API_KEY"; read line; echo "$ANTHROPIC_API_KEY" >&2; exit 1'
    )
    assert visitor.stdout is not None
    assert visitor.stdout.readline() == b"sk-ant-of-a-visitor-0001\n"
    session = shop.session("fix")
    container = shop.container(session.id)
    shown = str(container.attrs) + str([shop.engine.api.exec_inspect(one) for one in container.attrs["ExecIDs"]])
    assert "sk-ant" not in shown
    assert list((shop.path(session.id) / "secrets").iterdir()) == []
    visitor.communicate(b"\n", timeout=60)
    assert "sk-ant" not in shop.home.database.read_bytes().decode("latin-1")
    for file in shop.home.missions_active.rglob("*.json"):
        assert "sk-ant" not in file.read_text()
    assert "sk-ant" not in str(shop.events(session.id))


def test_a_command_that_reads_nothing_and_one_that_prints_for_nobody_both_end(shop: Shop) -> None:
    assert shop.run("fix", "true", "--follow").code == 0
    unread = sc_bytes("exec", "fix", "true", cwd=shop.folder, stdin=b"x" * 3_000_000)
    assert unread.returncode == 0
    with begin(shop, "fix", "yes") as endless:
        assert endless.stdout is not None
        assert endless.stdout.readline() == b"y\n"
        endless.stdout.close()
        assert endless.wait(60) == 1
    assert shop.containers() == []


def test_what_cannot_be_is_refused_and_leaves_nothing(shop: Shop) -> None:
    nobody = shop.sc("exec", "nope", "ls")
    assert (nobody.code, "no mission is called 'nope'" in nobody.err) == (3, True)
    assert shop.run("fix", "true", "--follow").code == 0
    nothing = shop.sc("exec", "fix")
    assert (nothing.code, "sc run --shell fix" in nothing.err) == (2, True)
    before = len(shop.rows())
    shop.home.settings_file.write_text('[container]\nimage = "no-such-image"\n')
    missing = shop.sc("exec", "fix", "ls")
    assert (missing.code, "no image no-such-image" in missing.err) == (4, True)
    assert len(shop.rows()) == before


def test_what_a_visit_showed_can_be_read_later(shop: Shop) -> None:
    assert shop.run("fix", "true", "--follow").code == 0
    assert shop.sc("exec", "fix", "sh", "-c", "echo shown; echo too >&2").code == 0
    assert set((shop.path(shop.session("fix").id) / "stream.jsonl").read_text().split()) == {"shown", "too"}


def test_a_tasks_name_still_means_what_its_agent_did(shop: Shop) -> None:
    assert shop.run("fix", "echo by the agent", "--follow").code == 0
    assert shop.sc("exec", "fix", "echo", "by hand").code == 0
    assert shop.sc("logs", "fix", "--raw").out == "by the agent\n"
    assert shop.sc("logs", shop.session("fix").id, "--raw").out == "by hand\n"
    assert shop.sc("exec", "other", "true").code == 3


def test_a_shell_makes_the_mission_where_there_is_none(shop: Shop) -> None:
    script = b"pwd\ngit log --oneline\necho x >x; git add x; git commit -qm 'by-hand'\nexit 5\n"
    done = sc_bytes("run", "look", "--shell", cwd=shop.folder, stdin=script)
    assert done.returncode == 5, done.stderr
    assert done.stdout.splitlines()[0].decode() == str(shop.worktree("look"))
    assert shop.commits("feature/look") == ["by-hand"]
    assert shop.mission("look")["status"] == "ready"
    assert shop.row("look")["agent"] == "shell"
    for wrong in (("-m", "x"), ("--detach",)):
        assert shop.sc("run", "look", "--shell", *wrong).code == 2


def test_an_abandoned_start_of_a_visit_leaves_no_container(shop: Shop) -> None:
    assert shop.run("fix", "true", "--follow").code == 0
    visitor = begin(shop, "fix", "sleep", "600")
    until(lambda: any(Path(shop.home.sessions).glob("*/facts.json")) and len(shop.sessions()) == 2, 60)
    visitor.kill()
    visitor.communicate(timeout=60)
    all_settled(shop)
    check_invariants(shop)
