"""The main job with the real Gemini CLI, in an image of `sc image build`; its model is a script on this machine."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from docker import DockerClient

from scopecraft.executors.image import ImageRequest, build_default_image
from tests.support.agent_programs import CACHE
from tests.support.command_line import sc
from tests.support.scripted_gemini import GeminiServer

pytestmark = [pytest.mark.engine, pytest.mark.image]

KEY = "dummy-key-0123456789-abcdefghij"
IMAGE = "scopecraft-agent:sc-test-gemini"
WRITE = "echo \"print('hi')\" > greeting.py && python3 greeting.py"
COMMIT = "git add greeting.py && git commit -q -m 'Add greeting'"
SCRIPT = {
    "PLAY:work": [
        {"text": "I write the file.", "tool": "run_shell_command", "input": {"command": WRITE}},
        {"tool": "run_shell_command", "input": {"command": COMMIT}},
        {"text": "The greeting is there, and committed."},
        {"text": "There is nothing more to do."},  # to one more prompt
    ],
    "PLAY:refuse": [{"error": 400, "message": "the model says no", "times": 0}],
}


@pytest.fixture(scope="module")
def gemini_image(engine: DockerClient, agent_image: str) -> Iterator[str]:
    """The default image with Gemini CLI and nothing else, under a tag of its own."""
    address = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
    yield build_default_image(address, ImageRequest(agents=("gemini",), name=IMAGE, releases=CACHE), lambda _: None)
    engine.images.remove(IMAGE, force=True)


@pytest.fixture
def shop(workplace: Path, gemini_image: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A linked repository; the container has this machine's loopback, on which the model is, and a dummy key."""
    settings = Path(os.environ["SCOPECRAFT_HOME"]) / "config" / "settings.toml"
    settings.write_text(
        f'[agents.gemini]\nmodel = "gemini-2.5-flash"\ndialect = "gemini"\nimage = "{gemini_image}"\n'
        '[container]\nnetwork = "host"\nmemory = "2g"\n'
    )
    monkeypatch.setenv("GEMINI_API_KEY", KEY)
    with GeminiServer(SCRIPT) as server:
        monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", server.url)
        yield workplace


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout


def test_gemini_works_commits_and_the_branch_has_it(shop: Path) -> None:
    ran = sc("run", "add-greeting", "--agent", "gemini", "-m", "PLAY:work add a greeting", cwd=shop)
    assert ran.code == 0, ran.err
    assert git(shop, "log", "--format=%s", "main..feature/add-greeting") == "Add greeting\n"
    assert git(shop, "show", "feature/add-greeting:greeting.py") == "print('hi')\n"
    # its words came in two halves
    assert "I write the file." in ran.out
    assert COMMIT in ran.out
    assert "The greeting is there, and committed." in ran.out
    session = json.loads(sc("show", "add-greeting", "--json", cwd=shop).out)["sessions"][0]
    assert session["status"]["outcome"]["kind"] == "completed"
    activity = session["activity"]
    assert (activity["tools"], activity["tool_calls"]) == (["run_shell_command"], 2)
    assert activity["conversation_id"] == session["conversation_id"], "the id that we chose is kept"
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
    ran = sc("run", "add-greeting", "--agent", "gemini", "-m", "PLAY:refuse", cwd=shop)
    assert ran.code == 1
    row = json.loads(sc("ls", "--json", cwd=shop).out)[0]
    assert row["status"]["outcome"]["kind"] == "failed"
    assert "400 the model says no" in row["detail"]
