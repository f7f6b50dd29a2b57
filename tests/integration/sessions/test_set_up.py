"""A new worktree is set up before its first agent: what happens, what is kept, and what a failure leaves."""

from __future__ import annotations

import json
import os
import signal
import socket
from pathlib import Path

import pytest

from scopecraft.errors import SetupFailed
from scopecraft.missions.finding import require_mission
from scopecraft.sessions.context import Context
from scopecraft.sessions.set_up import run_teardown
from tests.support.played import Shop, all_settled, check_invariants
from tests.support.repos import git
from tests.support.wait import until


def settings(shop: Shop, *commands: str, **others: object) -> None:
    lines = ["[setup]", f"commands = {json.dumps(list(commands))}"]
    lines += [f"{name} = {json.dumps(value)}" for name, value in others.items()]
    shop.home.settings_file.write_text("\n".join(lines) + "\n")


def folder(shop: Shop, task: str) -> Path:
    (found,) = shop.home.missions_active.glob(f"m-*--{task}")
    return found


def log(shop: Shop, task: str, name: str = "setup") -> str:
    return (folder(shop, task) / "logs" / f"{name}.log").read_text()


def test_commands_run_in_order_before_the_agent_and_once(shop: Shop) -> None:
    settings(shop, "echo one >order; echo said", "echo two >>order; cat order >&2")
    first = shop.run("fix", "cat order; echo three >>order", "--follow")
    assert first.code == 0, first.err
    assert "setup | $ echo one >order; echo said\nsetup | said" in first.err
    assert log(shop, "fix").splitlines()[-2:] == ["one", "two"]
    second = shop.run("fix", "cat order", "--follow")
    assert second.code == 0, second.err
    assert "setup |" not in second.err
    assert (shop.worktree("fix") / "order").read_text() == "one\ntwo\nthree\n"
    assert [event.kind for event in shop.events(shop.sessions()[1].id, "setup_ran")] == ["setup_ran"]
    assert not (folder(shop, "fix") / "setup").exists()
    check_invariants(shop)


def test_a_failure_says_what_failed_and_leaves_the_worktree_to_look_at(shop: Shop) -> None:
    settings(shop, "echo fine", "echo what is wrong >&2; false; echo never", "touch later")
    failed = shop.run("fix", "touch worked")
    assert failed.code == 1
    assert "the set-up command failed with exit code 1: echo what is wrong" in failed.err
    assert "what is wrong" in failed.err.partition("error:")[2]
    assert "logs/setup.log" in failed.err
    assert not (shop.worktree("fix") / "worked").exists()
    assert not (shop.worktree("fix") / "later").exists()
    assert shop.outcome("fix")["kind"] == "failed"
    assert shop.sc("exec", "fix", "ls", "-a").code == 0
    settings(shop, "touch mended")
    assert shop.run("fix", "ls mended", "--follow").code == 0
    check_invariants(shop)


def test_a_command_that_takes_too_long_is_ended_and_named(shop: Shop) -> None:
    settings(shop, "echo begun; sleep 600", timeout="1s")
    failed = shop.run("fix", "true")
    assert failed.code == 1
    assert "took longer than 1 s: echo begun; sleep 600" in failed.err
    assert log(shop, "fix").splitlines()[1:] == ["begun", "ended at its time limit"]
    assert shop.containers() == []


def test_a_start_that_was_killed_in_the_middle_is_set_up_anew(shop: Shop) -> None:
    settings(shop, "echo x >>tries; [ -e go ] || sleep 600")
    starting = shop.begin_run("fix", "true", "--detach")
    tries = shop.worktree("fix") / "tries"
    until(lambda: tries.exists() and tries.read_text(), 60, what="the set-up to begin")
    starting.kill()
    starting.wait()
    assert shop.outcome("fix")["kind"] == "interrupted"
    assert shop.containers() == []
    (shop.worktree("fix") / "go").touch()
    assert shop.run("fix", "true", "--follow").code == 0
    assert tries.read_text() == "x\nx\n"
    all_settled(shop)
    check_invariants(shop)


def test_what_a_killed_set_up_left_is_cleared_away_like_anything_hostile(shop: Shop) -> None:
    evil = "mkdir sub; cd sub; git init -q; git config core.fsmonitor 'touch owned'; touch ../begun"
    settings(shop, f"{evil}; [ -e ../go ] || sleep 600")
    starting = shop.begin_run("fix", "true", "--detach")
    tree = shop.worktree("fix")
    until(lambda: (tree / "begun").exists(), 60, what="the set-up to begin")
    starting.kill()
    starting.wait()
    assert shop.outcome("fix")["kind"] == "interrupted"
    assert not (tree / "sub" / ".git").exists()
    assert list((folder(shop, "fix") / "nested").iterdir())
    assert shop.containers() == []


def test_a_person_who_interrupts_it_gets_an_honest_end_at_once(shop: Shop) -> None:
    settings(shop, "touch begun; sleep 600")
    starting = shop.begin_run("fix", "true", "--detach", heard=True)
    until(lambda: (shop.worktree("fix") / "begun").exists(), 60, what="the set-up to begin")
    starting.send_signal(signal.SIGINT)
    starting.communicate(timeout=60)
    assert starting.returncode == 130
    assert shop.containers() == []
    assert shop.outcome("fix") == {"kind": "failed", "reason": "the start was interrupted", "exit_code": None}
    assert json.loads((folder(shop, "fix") / "setup.json").read_text())["state"] == "failed"


def test_it_can_be_left_out_and_done_later(shop: Shop) -> None:
    settings(shop, "echo done >>made")
    assert shop.run("fix", "true", "--follow", "--no-setup").code == 0
    assert shop.run("fix", "true", "--follow").code == 0
    assert not (shop.worktree("fix") / "made").exists()
    done = shop.sc("setup", "fix")
    assert done.code == 0, done.err
    assert "is set up: 1 command" in done.err
    assert (shop.worktree("fix") / "made").read_text() == "done\n"


def test_it_is_not_done_under_an_agent_at_work(shop: Shop) -> None:
    settings(shop, "true")
    assert shop.run("fix", "sleep 600").code == 0
    refused = shop.sc("setup", "fix")
    assert refused.code == 3
    assert "sc exec fix COMMAND" in refused.err
    assert shop.sc("stop", "fix", "--now").code == 0


def test_a_worktree_that_is_made_anew_is_set_up_again(shop: Shop) -> None:
    settings(shop, "touch made")
    assert shop.run("fix", "true", "--follow").code == 0
    git(shop.folder, "worktree", "remove", "--force", "--force", str(shop.worktree("fix")))
    again = shop.run("fix", "ls made", "--follow")
    assert again.code == 0, again.err


def test_a_window_finds_its_worktree_set_up_and_its_names_set(shop: Shop) -> None:
    settings(shop, 'echo "$SC_PORT_BASE $COMPOSE_PROJECT_NAME" >names')
    opened = shop.dispatch("fix", 'echo "$SC_PORT_BASE $COMPOSE_PROJECT_NAME" >seen; sleep 600')
    assert opened.code == 0, opened.err
    seen = shop.worktree("fix") / "seen"
    until(lambda: seen.exists() and seen.read_text(), what="the agent to write")
    assert seen.read_text() == (shop.worktree("fix") / "names").read_text()
    base, name = seen.read_text().split()
    assert shop.mission("fix")["port_base"] == int(base)
    assert name.startswith("sc-fix-")
    assert shop.sc("stop", "fix", "--now").code == 0


def test_missions_have_ports_of_their_own_that_nobody_listens_at(shop: Shop) -> None:
    with socket.create_server(("127.0.0.1", 20_000)):
        for task in ("one", "two", "three"):
            assert shop.run(task, "true", "--follow").code == 0
    assert sorted(shop.mission(task)["port_base"] for task in ("one", "two", "three")) == [20_010, 20_020, 20_030]


def test_a_hostile_command_gets_no_further_than_an_agent_would(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-not-for-a-set-up")
    monkeypatch.setenv("OF_THE_PERSON", "theirs")
    evil = "\n".join(
        (
            "env >environment; id -u >uid; grep CapEff /proc/self/status >capabilities",
            "echo owned >.git || echo kept >pointer",
            "echo owned >/workspace/.git || true",
            "git config core.fsmonitor 'touch /tmp/owned'; git commit -q --allow-empty -m mine; git log --oneline >log",
            "mkdir -p sub && cd sub && git init -q && git config core.fsmonitor 'touch owned'",
            f"ls {shop.home.root}/scopecraft.db {Path.home()}/.gitconfig && exit 1",
            "printf '\\033]0;title\\007owned\\n'; true",
        )
    )
    settings(shop, evil)
    said = shop.run("fix", "true", "--follow")
    assert said.code == 0, said.err
    tree = shop.worktree("fix")
    assert "sk-ant" not in (tree / "environment").read_text()
    assert "OF_THE_PERSON" not in (tree / "environment").read_text()
    assert (tree / "capabilities").read_text().split() == ["CapEff:", "0000000000000000"]
    assert (tree / "pointer").exists()
    assert (tree / ".git").read_text().startswith(f"gitdir: {shop.folder}")
    assert "mine" in (tree / "log").read_text()
    assert shop.commits("feature/fix") == []
    assert not (tree / "sub" / ".git").exists()
    assert "were moved away" in log(shop, "fix")
    assert "\x1b" not in said.err
    assert "\x1b" not in log(shop, "fix")


def test_on_the_machine_itself_when_that_is_the_setting(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OF_THE_PERSON", "theirs")
    settings(shop, f'echo "$OF_THE_PERSON $SC_TASK" >{shop.folder}/../outside; pwd >where; cat', run_on="host")
    said = shop.run("fix", "true", "--follow")
    assert said.code == 0, said.err
    assert (shop.folder.parent / "outside").read_text() == "theirs fix\n"
    assert (shop.worktree("fix") / "where").read_text() == f"{shop.worktree('fix')}\n"


def test_on_the_machine_a_time_limit_ends_all_that_was_started(shop: Shop) -> None:
    settings(shop, "sleep 600 & echo $! >pid; echo begun; sleep 600", run_on="host", timeout="1s")
    failed = shop.run("fix", "true")
    assert failed.code == 1
    assert "took longer than 1 s" in failed.err
    pid = int((shop.worktree("fix") / "pid").read_text())
    until(lambda: not Path(f"/proc/{pid}").exists(), what="what it started to end")
    assert "begun" in log(shop, "fix")


def test_a_teardown_runs_in_the_worktree_and_its_failure_is_an_error(shop: Shop) -> None:
    assert shop.run("fix", "true", "--follow").code == 0
    settings(shop, teardown=["echo bye >/workspace/bye; echo said", "exit 4"])
    context = Context(shop.home, os.environ)
    mission = require_mission(shop.home, "fix", None)
    heard: list[str] = []
    with pytest.raises(SetupFailed, match="the teardown command failed with exit code 4: exit 4"):
        run_teardown(context, mission, heard.append)
    context.store.close()
    context.containers.close()
    assert (shop.worktree("fix") / "bye").read_text() == "bye\n"
    assert "said" in heard
    assert log(shop, "fix", "teardown").splitlines()[-1] == "exit code 4"


def test_a_repositorys_teardown_runs_only_where_it_is_confirmed(shop: Shop) -> None:
    assert shop.run("fix", "true", "--follow").code == 0
    (shop.folder / ".scopecraft.toml").write_text('[setup]\nteardown = ["echo bye >/workspace/bye"]\n')
    context = Context(shop.home, os.environ)
    mission = require_mission(shop.home, "fix", None)
    assert run_teardown(context, mission) == 0
    assert shop.sc("config", "trust", "--yes").code == 0
    assert run_teardown(context, mission) == 1
    context.store.close()
    context.containers.close()
    assert (shop.worktree("fix") / "bye").read_text() == "bye\n"


def test_where_an_agent_inside_could_have_no_git_a_set_up_does_without(shop: Shop) -> None:
    git(shop.folder, "config", "filter.git-crypt.clean", "git-crypt clean")
    git(shop.folder, "config", "filter.git-crypt.smudge", "cat")
    git(shop.folder, "config", "filter.git-crypt.required", "true")
    (shop.folder / ".gitattributes").write_text("*.key filter=git-crypt\n")
    git(shop.folder, "add", ".gitattributes")
    git(shop.folder, "commit", "-qm", "keys are encrypted")
    settings(shop, "git status 2>refused || touch without; echo owned >.git || touch kept")
    refused = shop.run("fix", "true")
    assert refused.code == 3, refused.err
    opened = shop.dispatch("fix", "sleep 600")
    assert opened.code == 0, opened.err
    tree = shop.worktree("fix")
    assert "not a git repository" in (tree / "refused").read_text()
    assert (tree / "without").exists()
    assert (tree / "kept").exists()
    assert git(tree, "status", "--porcelain").split() == ["??", "kept", "??", "refused", "??", "without"]
    assert shop.sc("stop", "fix", "--now").code == 0
