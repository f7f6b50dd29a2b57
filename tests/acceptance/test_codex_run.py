"""The main job with the real Codex: a container, a scripted model, commits on the host's branch."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from docker import DockerClient

from tests.support.command_line import sc
from tests.support.scripted_codex import KEY, build_image, container_settings

pytestmark = [pytest.mark.engine, pytest.mark.image]

WRITE = "echo \"print('hi')\" > greeting.py && python3 greeting.py"
COMMIT = "git add greeting.py && git commit -q -m 'Add greeting'"
SCRIPT = {
    "PLAY:work": [
        {"text": "I write the file.", "tool": "exec_command", "input": {"cmd": WRITE}},
        {"tool": "exec_command", "input": {"cmd": COMMIT}},
        {"text": "The greeting is there, and committed."},
        {"text": "There is nothing more to do."},  # to one more prompt
    ],
    "PLAY:refuse": [{"error": 400, "message": "the model says no", "times": 0}],
}


@pytest.fixture(scope="session")
def codex_image(engine: DockerClient, agent_image: str) -> str:
    return build_image(engine, SCRIPT)


@pytest.fixture
def shop(workplace: Path, codex_image: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A linked repository with the real Codex and a scripted model; the key is a dummy."""
    settings = Path(os.environ["SCOPECRAFT_HOME"]) / "config" / "settings.toml"
    settings.write_text(container_settings(codex_image))
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    return workplace


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout


def test_codex_works_commits_and_the_branch_has_it(shop: Path) -> None:
    ran = sc("run", "add-greeting", "--agent", "codex", "-m", "PLAY:work add a greeting", cwd=shop)
    assert ran.code == 0, ran.err
    assert git(shop, "log", "--format=%s", "main..feature/add-greeting") == "Add greeting\n"
    assert git(shop, "show", "feature/add-greeting:greeting.py") == "print('hi')\n"
    assert "I write the file." in ran.out
    assert COMMIT in ran.out
    assert "The greeting is there, and committed." in ran.out
    session = json.loads(sc("show", "add-greeting", "--json", cwd=shop).out)["sessions"][0]
    assert session["status"]["outcome"]["kind"] == "completed"
    activity = session["activity"]
    assert activity["tools"] == ["command_execution"]
    assert activity["tool_calls"] == 2
    assert (activity["usage"]["input_tokens"], activity["usage"]["output_tokens"]) == (60, 60)
    assert session["conversation_id"], "the id that Codex chose is kept"
    assert session["conversation_id"] == activity["conversation_id"]

    # one more prompt, to an agent that was told of all this
    resumed = sc("resume", "add-greeting", "-m", "and now?", cwd=shop)
    assert resumed.code == 0, resumed.err
    assert "There is nothing more to do." in resumed.out
    again = json.loads(sc("show", "add-greeting", "--json", cwd=shop).out)["sessions"][0]
    assert again["conversation_id"] == session["conversation_id"]
    assert 0 < again["activity"]["usage"]["output_tokens"] < activity["usage"]["output_tokens"]


def test_the_key_is_nowhere_that_we_write(shop: Path) -> None:
    assert sc("run", "add-greeting", "--agent", "codex", "-m", "PLAY:work add a greeting", cwd=shop).code == 0
    home = Path(os.environ["SCOPECRAFT_HOME"])
    holders = [path for path in home.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()]
    assert holders == []


def test_an_error_of_the_provider_fails_the_session_with_its_words(shop: Path) -> None:
    ran = sc("run", "add-greeting", "--agent", "codex", "-m", "PLAY:refuse", cwd=shop)
    assert ran.code == 1
    row = json.loads(sc("ls", "--json", cwd=shop).out)[0]
    assert row["status"]["outcome"]["kind"] == "failed"
    assert "the model says no" in row["detail"]
