"""The main job with the real Claude Code: a container, a scripted model, commits on the host's branch."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.command_line import PROGRAM, sc
from tests.support.scripted_claude import KEY, container_settings
from tests.support.wait import until

pytestmark = [pytest.mark.engine, pytest.mark.image, pytest.mark.claude]


@pytest.fixture
def shop(workplace: Path, claude_image: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A linked repository whose agent is the real Claude Code with a scripted model; the key is a dummy."""
    settings = Path(os.environ["SCOPECRAFT_HOME"]) / "config" / "settings.toml"
    settings.write_text(container_settings(claude_image))
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    return workplace


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout


def test_an_agent_works_commits_and_the_branch_has_it(shop: Path) -> None:
    ran = sc("run", "add-greeting", "-m", "PLAY:work add a greeting", cwd=shop)
    assert ran.code == 0, ran.err
    assert git(shop, "log", "--format=%s", "main..feature/add-greeting") == "Add greeting\n"
    assert git(shop, "show", "feature/add-greeting:greeting.py") == "print('hi')\n"
    # live, readable progress
    assert "I write the file." in ran.out
    assert "python3 greeting.py" in ran.out
    assert "The greeting is there, and committed." in ran.out

    worktree = Path(sc("path", "add-greeting", cwd=shop).out.strip())
    assert git(worktree, "status", "--porcelain") == ""
    assert git(worktree, "branch", "--show-current") == "feature/add-greeting\n"

    shown = json.loads(sc("show", "add-greeting", "--json", cwd=shop).out)
    session = shown["sessions"][0]
    assert session["status"]["outcome"]["kind"] == "completed"
    assert shown["mission"]["status"] == "waiting_code_review"
    activity = session["activity"]
    assert activity["tool_calls"] == 3
    assert activity["tools"] == ["Write", "Bash"]
    assert activity["usage"]["output_tokens"] > 0
    assert activity["conversation_id"] == session["conversation_id"], "the id that we chose is kept"


def test_the_key_is_nowhere_that_we_write(shop: Path) -> None:
    assert sc("run", "add-greeting", "-m", "PLAY:work add a greeting", cwd=shop).code == 0
    home = Path(os.environ["SCOPECRAFT_HOME"])
    holders = [path for path in home.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()]
    assert holders == []


def test_an_error_of_the_provider_fails_the_session_with_its_words(shop: Path) -> None:
    ran = sc("run", "add-greeting", "-m", "PLAY:refuse", cwd=shop)
    assert ran.code == 1
    row = json.loads(sc("ls", "--json", cwd=shop).out)[0]
    assert row["status"]["outcome"]["kind"] == "failed"
    assert "the model says no" in row["detail"]


def test_a_polite_stop_ends_it_as_killed_with_a_whole_log(shop: Path) -> None:
    assert sc("run", "slow", "-m", "PLAY:hang", "--detach", cwd=shop).code == 0
    until(lambda: "time.sleep(600)" in sc("logs", "slow", cwd=shop).out, 60, every=0.2)
    stopped = sc("stop", "slow", cwd=shop)
    assert stopped.code == 0, stopped.err
    row = json.loads(sc("ls", "--json", cwd=shop).out)[0]
    assert row["status"]["outcome"]["kind"] == "killed"
    raw = sc("logs", "slow", "--raw", cwd=shop).out
    assert raw.endswith("\n")
    assert all(json.loads(line) for line in raw.splitlines())


def test_its_time_limit_needs_no_sc_alive(shop: Path) -> None:
    assert sc("run", "slow", "-m", "PLAY:hang", "--timeout", "3s", "--detach", cwd=shop).code == 0

    def outcome() -> str:
        row = json.loads(sc("ls", "--json", cwd=shop).out)[0]
        return str(row["status"].get("outcome", {}).get("kind", ""))

    assert until(outcome, 60, every=0.2) == "timed_out"


def test_killing_the_sc_that_started_it_loses_nothing(shop: Path) -> None:
    process = subprocess.Popen(
        [*PROGRAM, "run", "add-greeting", "-m", "PLAY:work add a greeting"],
        cwd=shop,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    until(lambda: json.loads(sc("ls", "--json", cwd=shop).out or "[]"), 60)
    until(lambda: json.loads(sc("ls", "--json", cwd=shop).out)[0]["state"] != "starting", 60)
    process.send_signal(signal.SIGKILL)
    process.wait()
    # another process follows and settles it
    followed = sc("logs", "add-greeting", "-f", cwd=shop)
    assert "The greeting is there, and committed." in followed.out
    assert git(shop, "log", "--format=%s", "main..feature/add-greeting") == "Add greeting\n"


def test_ctrl_c_leaves_it_running(shop: Path) -> None:
    process = subprocess.Popen(
        [*PROGRAM, "run", "slow", "-m", "PLAY:hang"],
        cwd=shop,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    until(lambda: "time.sleep(600)" in sc("logs", "slow", cwd=shop).out, 60, every=0.2)
    process.send_signal(signal.SIGINT)
    _, talk = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "sc attach slow" in talk
    assert json.loads(sc("ls", "--json", cwd=shop).out)[0]["state"] == "running"


def test_a_second_start_is_refused_while_it_runs(shop: Path) -> None:
    assert sc("run", "implement-auth-05A", "-m", "PLAY:hang", "--detach", cwd=shop).code == 0
    second = sc("run", "review-auth-05A", "-m", "PLAY:work", cwd=shop)
    assert second.code == 3
    assert "implement-auth-05A" in second.err
    third = sc("dispatch", "implement-auth-05A", "--agent", "plain", "--", sys.executable, cwd=shop)
    assert third.code == 3
