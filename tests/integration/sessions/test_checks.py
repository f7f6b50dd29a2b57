"""`sc check`: a person sees whether the work is good, where the work is, and what came of it is kept."""

from __future__ import annotations

import json
import os
import signal
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scopecraft.missions.check_record import Execution, executions_of
from scopecraft.missions.finding import require_mission
from scopecraft.missions.folder import folder_of
from scopecraft.missions.recipe import save_recipe
from scopecraft.model.workflow import DIRECT, QuickCommand, Recipe
from scopecraft.sessions.checking import CheckRun, checks_named, checks_of, executions, run_check
from scopecraft.sessions.context import Context
from tests.support.command_line import sc
from tests.support.made_missions import add_mission, home_here, linked_repository
from tests.support.played import Shop
from tests.support.wait import until

KEY = "sk-ant-0123456789abcdef"
WAIT = "touch begun; while ! [ -e go ]; do sleep 0.1; done"


@pytest.fixture
def repository(clean_environment: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Without any engine: what runs on the host needs none."""
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    monkeypatch.setenv("SCOPECRAFT_SET_DEFAULT_AGENT", "plain")
    return linked_repository(clean_environment / "shop")


def settings(*checks: tuple[str, str], timeout: str = "1m") -> None:
    lines = ["[checks]", f'timeout = "{timeout}"', "[checks.commands]"]
    lines += [f"{name} = {json.dumps(command)}" for name, command in checks]
    home_here().settings_file.write_text("\n".join(lines) + "\n")


def records(task: str = "fix") -> list[Execution]:
    home = home_here()
    return executions_of(folder_of(home, require_mission(home, task, None)))


def output(execution: Execution, task: str = "fix") -> str:
    home = home_here()
    return (folder_of(home, require_mission(home, task, None)) / "checks" / f"{execution.id}.log").read_text()


def test_a_check_runs_in_a_container_without_keys_and_its_output_is_kept(shop: Shop) -> None:
    shop.home.secrets_file.write_text(f"ANTHROPIC_API_KEY={KEY}\n")
    shop.home.secrets_file.chmod(0o600)
    add_mission(shop.folder, "fix")
    settings(("test", f"pwd; cat file-0.txt; env; touch made; git status -s; echo {KEY}; echo bad >&2; exit 3"))
    said = shop.sc("check", "fix", "test", SCOPECRAFT_SET_DEFAULT_AGENT="plain")
    assert said.code == 1, said.err
    assert said.out.splitlines()[1] == str(shop.worktree("fix"))
    assert "bad" in said.out and "?? made" in said.out
    assert KEY not in said.out.replace(f"echo {KEY}", "") and "[secret ANTHROPIC_API_KEY]" in said.out
    assert "test: failed with exit code 3" in said.err
    assert (shop.worktree("fix") / "made").exists()
    (record,) = records()
    assert (record.name, record.status, record.exit_code, record.where) == ("test", "failed", 3, "container")
    assert output(record) == said.out
    assert shop.containers() == []
    settings(("test", "true"), ("lint", "echo fine"))
    passed = shop.sc("check", "fix", "--json", SCOPECRAFT_SET_DEFAULT_AGENT="plain")
    assert passed.code == 0, passed.err
    found: list[dict[str, Any]] = json.loads(passed.out)
    assert [(each["name"], each["status"], each["exitCode"]) for each in found] == [
        ("test", "completed", 0),
        ("lint", "completed", 0),
    ]
    events = shop.sc("events", "--kind", "check_ran", "--json").out.splitlines()
    assert [json.loads(line)["data"]["exit_code"] for line in events] == [3, 0, 0]


def test_beside_an_agent_a_check_joins_its_container_and_leaves_it_at_work(shop: Shop) -> None:
    settings(("test", "echo checked; test -e begun"))
    assert shop.run("fix", WAIT).code == 0
    until((shop.worktree("fix") / "begun").exists, 60, what="the agent to begin")
    said = shop.sc("check", "fix")
    assert said.code == 0, said.err
    assert "checked" in said.out
    assert len(shop.containers()) == 1
    settings(("test", "echo begun; sleep 600"), timeout="1s")
    late = shop.sc("check", "fix")
    assert (late.code, "took longer than 1 s" in late.err) == (1, True), late.err
    session = shop.session("fix")
    until(lambda: "sleep 600" not in str(shop.container(session.id).top()["Processes"]), what="the check to end inside")
    (shop.worktree("fix") / "go").touch()
    shop.wait_over(session.id)
    assert shop.outcome("fix")["kind"] == "completed"


def test_killed_in_the_middle_a_check_is_interrupted_and_its_container_goes(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_mission(shop.folder, "fix")
    settings(("test", WAIT))
    monkeypatch.setenv("SCOPECRAFT_SET_DEFAULT_AGENT", "plain")
    process = shop.begin("check", "fix")
    until((shop.worktree("fix") / "begun").exists, 60, what="the check to begin")
    refused = shop.sc("check", "fix")
    assert (refused.code, "another check" in refused.err) == (3, True), refused.err
    process.kill()
    process.wait()
    assert [record.status for record in records()] == ["running"]
    (orphan,) = json.loads(shop.sc("prune", "--json").out)["orphans"]
    assert (orphan["kind"], orphan["proposed"]) == ("container", True)
    shown = json.loads(shop.sc("check", "fix", "--list", "--json").out)
    assert "interrupted" in shown[0]["last"]["error"]
    assert "test   interrupted 2" in shop.sc("check", "fix", "--list").out
    assert shop.sc("prune", "--yes").code == 0
    assert shop.containers() == []
    (shop.worktree("fix") / "go").touch()
    assert shop.sc("check", "fix").code == 0
    assert [record.status for record in records()] == ["failed", "completed"]


def test_ctrl_c_ends_the_container_too(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    add_mission(shop.folder, "fix")
    settings(("test", WAIT))
    monkeypatch.setenv("SCOPECRAFT_SET_DEFAULT_AGENT", "plain")
    process = shop.begin("check", "fix")
    until((shop.worktree("fix") / "begun").exists, 60, what="the check to begin")
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 130
    assert shop.containers() == []
    (record,) = records()
    assert (record.status, "interrupted" in record.error) == ("failed", True)


def test_the_checks_of_the_step_come_before_those_of_other_steps_and_of_the_settings(repository: Path) -> None:
    mission = add_mission(repository, "fix")
    settings(("settings", "true"))
    context = Context.of(os.environ)
    assert [each.name for each in checks_of(context, mission)] == ["settings"]
    work, review = DIRECT.steps
    steps = (
        replace(work, quick_commands=(QuickCommand("test", "of the work"), QuickCommand("build", "b"))),
        replace(review, quick_commands=(QuickCommand("test", "of the review"),)),
    )
    save_recipe(folder_of(home_here(), mission), Recipe(replace(DIRECT, steps=steps)))
    assert [each.name for each in checks_named(context, mission, ())] == ["test", "build"]
    at_review = replace(mission, current_step=1)
    assert [each.command for each in checks_named(context, at_review, ())] == ["of the review"]
    assert [each.command for each in checks_named(context, at_review, ("build", "test"))] == ["b", "of the review"]


def test_without_any_check_one_hears_how_to_add_one(repository: Path) -> None:
    add_mission(repository, "fix")
    said = sc("check", "fix", cwd=repository)
    assert said.code != 0
    hint = said.err.partition("hint: add one: ")[2].strip()
    assert hint == "sc config set checks.commands.test 'make test'"
    assert sc("config", "set", "checks.commands.test", "echo tested", cwd=repository).code == 0
    assert "never run" in sc("check", "fix", "--list", cwd=repository).out
    unknown = sc("check", "fix", "lint", cwd=repository)
    assert "no check of fix is called 'lint'" in unknown.err and "there are: test" in unknown.err


def test_on_the_machine_a_check_runs_only_if_a_person_says_so(repository: Path) -> None:
    mission = add_mission(repository, "fix")
    settings(("test", "echo tested; pwd"))
    here = sc("check", "fix", "--host", cwd=repository)
    assert (here.code, mission.worktree in here.out) == (0, True), here.err
    (step, review) = DIRECT.steps
    step = replace(step, quick_commands=(QuickCommand("test", "touch made", "host"),))
    save_recipe(folder_of(home_here(), mission), Recipe(replace(DIRECT, steps=(step, review))))
    refused = sc("check", "fix", cwd=repository)
    assert refused.code == 3
    assert "an agent wrote" in refused.err and "sc check fix --host" in refused.err
    assert not (Path(mission.worktree) / "made").exists()
    assert sc("check", "fix", "--host", cwd=repository).code == 0
    assert (Path(mission.worktree) / "made").exists()


def test_a_check_that_is_told_to_end_does_and_says_so(repository: Path) -> None:
    mission = add_mission(repository, "fix")
    begun, end = Path(mission.worktree) / "begun", threading.Event()
    context = Context.of(os.environ)
    done: list[Execution] = []
    how = CheckRun(seconds=60, should_end=end.is_set, id="20260301T100000-abc-test")
    check = QuickCommand("test", WAIT, "host")

    def run() -> None:
        done.append(run_check(Context.of(os.environ), mission, check, how))

    thread = threading.Thread(target=run)
    thread.start()
    until(begun.exists, what="the check to begin")
    assert [(each.id, each.status) for each in executions(context, mission)] == [(how.id, "running")]
    end.set()
    thread.join(30)
    assert [(each.status, each.exit_code, each.error) for each in done] == [
        ("failed", None, "it was ended before its time")
    ]
    assert records() == done
    slow = run_check(context, mission, replace(check, command="sleep 600"), CheckRun(seconds=0.5))
    assert (slow.status, slow.error) == ("failed", "took longer than 0.5 s")
    context.store.close()


def test_a_repository_may_name_checks_once_a_person_has_confirmed_them(repository: Path) -> None:
    add_mission(repository, "fix")
    (repository / ".scopecraft.toml").write_text('[checks.commands]\ntest = "echo of the repository"\n')
    assert "have not been confirmed" in sc("check", "fix", "--list", cwd=repository).err
    trusted = sc("config", "trust", "--yes", cwd=repository)
    assert trusted.code == 0
    assert "of the repository" in sc("check", "fix", "--list", cwd=repository).out
