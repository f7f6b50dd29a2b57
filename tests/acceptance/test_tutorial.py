"""The tutorial, line by line, with the real Claude Code in a container and in a window."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.command_line import sc
from tests.support.documents import ROOT
from tests.support.model_server import ModelServer
from tests.support.scripted_claude import KEY, container_settings
from tests.support.wait import until
from tests.support.walkthrough import lines_of, walk

pytestmark = [pytest.mark.engine, pytest.mark.tmux, pytest.mark.claude]

PAGE = ROOT / "docs" / "tutorial.md"
POLISH = {
    "Make the greeting friendlier": [
        {"tool": "Write", "input": {"file_path": "friendlier.txt", "content": "hello, friend\n"}},
        {"text": "It is friendlier now."},
    ]
}
# What a reader would miss if it were not said; by the beginning of the line.
SAID = {
    "sc link": "linked",
    "sc run add-greeting": "commits: 1",
    "sc ls --all": "add-greeting",
    "sc logs add-greeting": "committed",
    "sc diff add-greeting --stat": "greeting.py",
    "sc diff add-greeting": "+print('hi')",
    "sc exec add-greeting": "hi",
    "sc dispatch polish": "is up in the worktree",
    "sc ls": "polish",
    "sc answer polish": "friendlier.txt",
    "sc send polish": "delivered",
    "echo 'Whoever leaves": "Implementation is at work",
    "sc mission watch": "sc mission approve say-goodbye",
    "sc missions": "waits for your code review",
    "sc mission show": "Review implementation waits for you",
    "sc mission approve": "is approved: commit",
    "sc merge": "say-goodbye is merged",
    "sc prune": "add-greeting",
    "sc rm polish": "polish",
    "sc trash": "polish",
    "sc restore polish": "polish",
    "sc archive add-greeting": ".tasks/archive",
    "sc config explain": "container.memory",
    "sc config get": "6",
}


@pytest.fixture
def ready(
    clean_environment: Path, claude_binary: Path, claude_image: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """A person who has used Claude Code before, and an empty folder to work in."""
    home = Path(os.environ["SCOPECRAFT_HOME"])
    polish = home / "worktrees" / "shop" / "polish"
    person = {
        "hasCompletedOnboarding": True,
        "projects": {str(polish): {"hasTrustDialogAccepted": True}},
        "customApiKeyResponses": {"approved": [KEY[-20:]], "rejected": []},
    }
    (Path(os.environ["HOME"]) / ".claude.json").write_text(json.dumps(person))
    quiet = ("DISABLE_TELEMETRY", "DISABLE_AUTOUPDATER", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC")
    work = clean_environment / "work"
    work.mkdir()
    with ModelServer(POLISH) as model:
        values = {"ANTHROPIC_BASE_URL": model.url, "ANTHROPIC_API_KEY": KEY, **dict.fromkeys(quiet, "1")}
        for name, value in values.items():
            monkeypatch.setenv(name, value)
        yield work
    for row in json.loads(sc("ls", "--all", "--json", cwd=work).out or "[]"):
        if row["state"] != "ended":
            sc("stop", row["id"], "--now", cwd=work)
    for socket in (clean_environment / "run").glob("scopecraft/*/tmux"):
        subprocess.run(["tmux", "-S", str(socket), "kill-server"], check=False, capture_output=True)


def settings_for(image: str, binary: Path) -> str:
    return container_settings(image).replace(
        "[container]", f"host_command = {json.dumps([str(binary)])}\n\n[container]"
    )


def test_every_line_does_what_the_page_says(ready: Path, claude_image: str, claude_binary: Path) -> None:
    settings = Path(os.environ["SCOPECRAFT_HOME"]) / "config" / "settings.toml"

    def before(line: str) -> None:
        """What a reader has, and waits for."""
        if line == "sc link":
            settings.write_text(settings_for(claude_image, claude_binary))
        if line.startswith(("sc answer", "sc send")):
            wanted = "waiting" if line.startswith("sc answer") else "idle"
            shop = ready / "shop"
            until(lambda: json.loads(sc("ls", "--json", cwd=shop).out)[0]["state"] == wanted, 60, every=0.2)

    for step in walk(lines_of(PAGE), ready, before):
        assert step.code == 0, f"{step.line}\n{step.output}"
        expected = max((start for start in SAID if step.line.startswith(start)), key=len, default=None)
        if expected is not None:
            assert SAID[expected] in step.output, f"{step.line}\n{step.output}"
