"""A home with a linked repository, and whatever was started in it ended by its own commands afterwards."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from docker import DockerClient

from tests.support.command_line import sc
from tests.support.scripted_claude import build_image

WORK: list[dict[str, Any]] = [
    {
        "text": "I write the file.",
        "tool": "Write",
        "input": {"file_path": "greeting.py", "content": "print('hi')\n"},
    },
    {"tool": "Bash", "input": {"command": "python3 greeting.py"}},
    {"tool": "Bash", "input": {"command": "git add greeting.py && git commit -q -m 'Add greeting' && git status"}},
    {"text": "The greeting is there, and committed."},
]


def step(name: str) -> list[dict[str, Any]]:
    """A commit, and a word about it."""
    command = f"echo {name} >>steps.txt && git add steps.txt && git commit -q -m 'Step {name}'"
    return [{"tool": "Bash", "input": {"command": command}}, {"text": f"Step {name} is done."}]


SCRIPT = {
    # one prompt after the other: only who knows what was said before knows which step is next
    "PLAY:steps": [*step("one"), *step("two"), *step("three")],
    "PLAY:by-hand": step("by-hand"),
    "PLAY:alone-again": step("alone-again"),
    "PLAY:work": WORK,
    "Write greeting.py": WORK,  # of the tutorial
    "Say goodbye": [  # of the tutorial, too
        {"tool": "Write", "input": {"file_path": "goodbye.py", "content": "print('bye')\n"}},
        {"tool": "Bash", "input": {"command": "git add goodbye.py && git commit -q -m 'Say goodbye'"}},
        {
            "tool": "Write",
            "input": {
                "file_path": "/mission/artifacts/implementation-result.json",
                "content": '{"status": "completed", "filesCreated": ["goodbye.py"]}',
            },
        },
        {"text": "It says goodbye, and is committed."},
    ],
    "PLAY:hang": [{"tool": "Bash", "input": {"command": "python3 -c 'import time; time.sleep(600)'"}}],
    "PLAY:refuse": [{"error": 400, "message": "the model says no", "times": 0}],
}


@pytest.fixture(scope="session")
def claude_image(engine: DockerClient, agent_image: str) -> str:
    return build_image(engine, SCRIPT)


@pytest.fixture
def repository(clean_environment: Path) -> Path:
    """A repository with one commit."""
    folder = clean_environment / "shop"
    folder.mkdir()
    for arguments in (("init", "-q", "-b", "main"), ("commit", "-q", "--allow-empty", "-m", "Begin")):
        subprocess.run(["git", *arguments], cwd=folder, check=True)
    return folder


@pytest.fixture
def workplace(repository: Path) -> Iterator[Path]:
    """The repository, linked in a fresh home; its sessions and its tmux server are ended afterwards."""
    assert sc("init").code == 0
    assert sc("link", cwd=repository).code == 0
    yield repository
    listed = sc("ls", "--all", "--json", cwd=repository)
    for row in json.loads(listed.out or "[]"):
        if row["state"] != "ended":
            sc("stop", row["id"], "--now", cwd=repository)
    for socket in (repository.parent / "run").glob("scopecraft/*/tmux"):
        subprocess.run(["tmux", "-S", str(socket), "kill-server"], check=False, capture_output=True)
