"""The main job with the real OpenCode: a container, a scripted model, commits on the host's branch."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from docker import DockerClient

from tests.support.command_line import sc
from tests.support.scripted_opencode import KEY, build_image, container_settings

pytestmark = [pytest.mark.engine, pytest.mark.image]

WRITE = "echo \"print('hi')\" > greeting.py && python3 greeting.py"
COMMIT = "git add greeting.py && git commit -q -m 'Add greeting'"
SCRIPT = {
    "PLAY:work": [
        {"text": "I write the file.", "tool": "bash", "input": {"command": WRITE, "description": "write"}},
        {"tool": "bash", "input": {"command": COMMIT, "description": "commit"}},
        {"text": "The greeting is there, and committed."},
        {"text": "There is nothing more to do."},  # to one more prompt
    ],
    "PLAY:refuse": [{"error": 400, "message": "the model says no", "times": 0}],
}


@pytest.fixture(scope="session")
def opencode_image(engine: DockerClient, agent_image: str) -> str:
    return build_image(engine, SCRIPT)


@pytest.fixture
def settings_file(workplace: Path) -> Path:
    return Path(os.environ["SCOPECRAFT_HOME"]) / "config" / "settings.toml"


@pytest.fixture
def shop(workplace: Path, settings_file: Path, opencode_image: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A linked repository with the real OpenCode and a scripted model; the key is a dummy."""
    settings_file.write_text(container_settings(opencode_image))
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "http://127.0.0.1:9")  # inside, the model's own address takes its place
    return workplace


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout


def test_opencode_works_commits_and_the_branch_has_it(shop: Path) -> None:
    ran = sc("run", "add-greeting", "--agent", "opencode", "-m", "PLAY:work add a greeting", cwd=shop)
    assert ran.code == 0, ran.err
    assert git(shop, "log", "--format=%s", "main..feature/add-greeting") == "Add greeting\n"
    assert git(shop, "show", "feature/add-greeting:greeting.py") == "print('hi')\n"
    assert "I write the file." in ran.out
    assert COMMIT in ran.out
    assert "The greeting is there, and committed." in ran.out
    session = json.loads(sc("show", "add-greeting", "--json", cwd=shop).out)["sessions"][0]
    assert session["status"]["outcome"]["kind"] == "completed"
    activity = session["activity"]
    assert (activity["tools"], activity["tool_calls"]) == (["bash"], 2)
    assert activity["usage"]["output_tokens"] == 126
    assert activity["conversation_id"] == session["conversation_id"], "the id that it told is kept"
    home = Path(os.environ["SCOPECRAFT_HOME"])
    holders = [path for path in home.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()]
    assert holders == [], "the key is nowhere that we write"

    # one more prompt, to an agent that was told of all this
    resumed = sc("resume", "add-greeting", "-m", "and now?", cwd=shop)
    assert resumed.code == 0, resumed.err
    assert "There is nothing more to do." in resumed.out
    again = json.loads(sc("show", "add-greeting", "--json", cwd=shop).out)["sessions"][0]
    assert again["conversation_id"] == session["conversation_id"]
    assert 0 < again["activity"]["usage"]["output_tokens"] < activity["usage"]["output_tokens"]


def test_an_error_of_the_provider_fails_the_session_with_its_words(shop: Path) -> None:
    ran = sc("run", "add-greeting", "--agent", "opencode", "-m", "PLAY:refuse", cwd=shop)
    assert ran.code == 1
    row = json.loads(sc("ls", "--json", cwd=shop).out)[0]
    assert row["status"]["outcome"]["kind"] == "failed"
    assert "the model says no" in row["detail"]


@pytest.fixture
def image_without_agents(engine: DockerClient, agent_image: str) -> Iterator[str]:
    """The default image's base under a tag of the default image's name."""
    name = "scopecraft-agent:sc-test-bare"
    engine.images.get("scopecraft-base:latest").tag(name)
    yield name
    engine.images.remove(name)


@pytest.mark.parametrize("agent", ["codex", "gemini", "opencode"])
def test_an_image_without_its_program_is_named_with_the_command_that_mends_it(
    workplace: Path, settings_file: Path, image_without_agents: str, monkeypatch: pytest.MonkeyPatch, agent: str
) -> None:
    settings_file.write_text(f'[container]\nnetwork = "none"\nimage = "{image_without_agents}"\n')
    for name in ("GEMINI_API_KEY", "OPENAI_API_KEY"):
        monkeypatch.setenv(name, KEY)
    ran = sc("run", "add-greeting", "--agent", agent, "-m", "hello", cwd=workplace)
    assert ran.code == 1
    assert f"its image has no {agent}: sc image build --agent {agent}" in ran.err


def test_a_default_image_that_tells_that_it_lacks_the_program_is_refused_before_anything_is_made(
    engine: DockerClient, workplace: Path, settings_file: Path, agent_image: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "scopecraft-agent:sc-test-claude-only"
    recipe = b"FROM scopecraft-base:latest\nLABEL scopecraft.claude.version=1.0.0\n"
    engine.images.build(fileobj=BytesIO(recipe), tag=name, rm=True, forcerm=True)
    settings_file.write_text(f'[container]\nimage = "{name}"\n')
    monkeypatch.setenv("GEMINI_API_KEY", KEY)
    try:
        ran = sc("run", "add-greeting", "--agent", "gemini", "-m", "hello", cwd=workplace)
    finally:
        engine.images.remove(name)
    assert ran.code == 4
    assert f"{name} holds no Gemini CLI" in ran.err
    assert "sc image build --agent gemini" in ran.err
    assert json.loads(sc("ls", "--all", "--json", cwd=workplace).out) == []
    assert "feature/add-greeting" not in git(workplace, "branch", "--list")
