"""`--agents`: the same prompt to several agents, each in a mission of its own, all from one commit."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.support.command_line import PROGRAM, Said, environment, sc
from tests.support.repos import commit, git
from tests.support.wait import until

pytestmark = [pytest.mark.engine, pytest.mark.tmux]

SETTINGS = """
[agents.good]
dialect = "plain"
command = ["sh", "-c", "echo I am good; echo good >who; git add who; git commit -qm good"]
[agents.bad]
dialect = "plain"
command = ["sh", "-c", "echo I am bad; exit 3"]
[agents.slow]
dialect = "plain"
command = ["sh", "-c", "echo I am slow; sleep 600"]
[agents.lost]
dialect = "plain"
image = "no-such-image:ever"
command = ["true"]
"""


@pytest.fixture
def shop(workplace: Path) -> Path:
    (Path(os.environ["SCOPECRAFT_HOME"]) / "config" / "settings.toml").write_text(SETTINGS)
    return workplace


def missions() -> dict[str, dict[str, Any]]:
    files = Path(os.environ["SCOPECRAFT_HOME"]).glob("missions/active/*/mission.json")
    found = [json.loads(file.read_text()) for file in files]
    return {mission["slug"]: mission for mission in found}


def refused(said: Said, code: int) -> str:
    assert said.code == code, said.err
    assert len([line for line in said.err.splitlines() if line.startswith("error: ")]) == 1, said.err
    return said.err


def test_each_agent_works_on_its_own_branch_from_the_same_commit(shop: Path) -> None:
    said = sc("run", "fix", "-m", "x", "--agents", "good,good", cwd=shop)
    assert said.code == 0, said.err
    made = missions()
    assert set(made) == {"fix-good", "fix-good-2"}
    assert {mission["base"] for mission in made.values()} == {git(shop, "rev-parse", "main")}
    assert {mission["branch"] for mission in made.values()} == {"feature/fix-good", "feature/fix-good-2"}
    (group,) = {mission["group"] for mission in made.values()}
    assert group
    assert "fix-good   | " in said.out and "fix-good-2 | " in said.out
    assert "I am good" in said.out
    commit(shop, "meanwhile.txt")
    again = sc("run", "fix", "-m", "once more", "--agents", "good,good", "--detach", cwd=shop)
    assert again.code == 0, again.err
    assert len(again.out.split()) == 2
    assert {mission["group"] for mission in missions().values()} == {group}, "they go on as siblings"


def test_all_must_complete(shop: Path) -> None:
    said = sc("run", "fix", "-m", "x", "--agents", "bad,good", cwd=shop)
    assert said.code == 1, said.err
    assert "fix-good: completed" in said.err
    assert "fix-bad: Agent exited with code 3" in said.err


@pytest.mark.parametrize(
    ("agents", "code", "says"),
    [
        ("good,nobody", 2, "no agent is called 'nobody'"),
        ("good,lost", 4, "no-such-image:ever"),
        ("good,claude", 4, "claude has no key"),
        ("good,amp", 4, "amp has no key: AMP_API_KEY is not set"),
        ("good,plain", 2, "plain has no command to run"),
        ("good", 2, "names several agents"),
        (",", 2, "names several agents"),
    ],
)
def test_one_that_cannot_start_keeps_all_from_starting(shop: Path, agents: str, code: int, says: str) -> None:
    assert says in refused(sc("run", "fix", "-m", "x", "--agents", agents, cwd=shop), code)
    assert missions() == {}
    assert git(shop, "branch", "--list", "feature/*") == ""


def test_one_whose_branch_is_taken_keeps_all_from_starting(shop: Path) -> None:
    git(shop, "switch", "--quiet", "--create", "feature/fix-bad")
    commit(shop, "theirs.txt")
    git(shop, "switch", "--quiet", "main")
    assert "feature/fix-bad is there already" in refused(
        sc("run", "fix", "-m", "x", "--agents", "good,bad", cwd=shop), 3
    )
    assert missions() == {}


def test_missions_that_were_not_begun_together_are_no_siblings(shop: Path) -> None:
    assert sc("run", "fix-good", "-m", "x", "--agent", "good", cwd=shop).code == 0
    assert "not begun together" in refused(sc("run", "fix", "-m", "x", "--agents", "good,bad", cwd=shop), 3)
    assert set(missions()) == {"fix-good"}


def test_what_is_missing_of_a_group_joins_it_where_the_others_began(shop: Path) -> None:
    said = sc("dispatch", "fix", "--agents", "slow,bad,slow", cwd=shop)
    assert "exit code 3" in refused(said, 1)
    assert "begun before that, and left as they are: fix-slow" in said.err
    assert set(missions()) == {"fix-slow", "fix-bad"}
    assert sc("stop", "fix-slow", "--now", cwd=shop).code == 0
    began = git(shop, "rev-parse", "main")
    commit(shop, "meanwhile.txt")
    said = sc("run", "fix", "-m", "x", "--agents", "slow,bad,good", "--detach", cwd=shop)
    assert said.code == 0, said.err
    made = missions()
    assert set(made) == {"fix-slow", "fix-bad", "fix-good"}
    assert {mission["base"] for mission in made.values()} == {began}
    assert len({mission["group"] for mission in made.values()}) == 1


def test_a_shell_is_no_place_for_several_agents(shop: Path) -> None:
    assert "--shell is in the place of one" in refused(sc("run", "fix", "--shell", "--agents", "good,bad", cwd=shop), 2)
    assert missions() == {}


def test_a_name_that_would_be_cut_is_refused(shop: Path) -> None:
    assert "too long" in refused(sc("run", "x" * 100, "-m", "x", "--agents", "good,bad", cwd=shop), 2)


def test_ctrl_c_leaves_them_running(shop: Path) -> None:
    process = subprocess.Popen(
        [*PROGRAM, "run", "fix", "-m", "x", "--agents", "slow,good"],
        cwd=shop,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    seen = ""
    while "I am slow" not in seen:
        seen += process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "fix-slow goes on" in told
    rows = {row["task"]: row["state"] for row in json.loads(sc("ls", "--all", "--json", cwd=shop).out)}
    assert rows["fix-slow"] == "running"


def test_windows_of_siblings(shop: Path) -> None:
    said = sc("dispatch", "fix", "--agents", "slow,slow", cwd=shop)
    assert said.code == 0, said.err
    until(lambda: len(json.loads(sc("ls", "--json", cwd=shop).out)) == 2)
    assert set(missions()) == {"fix-slow", "fix-slow-2"}
    assert "--attach goes to one window" in refused(
        sc("dispatch", "fix", "--agents", "slow,bad", "--attach", cwd=shop), 2
    )
