"""The whole standard workflow with the real Claude Code: four agents, four gates, one step in a window, one rejection.

Agents in containers and in the window ask a scripted model for what they do; everything else is what a person types.
In each step the supervisor is killed once, at a random moment, and another one begins.
"""

from __future__ import annotations

import json
import os
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from docker import DockerClient

from scopecraft.config.paths import Home
from tests.support.command_line import Said, sc
from tests.support.documents import ROOT
from tests.support.model_server import ModelServer
from tests.support.played import kill_after
from tests.support.repos import git
from tests.support.scripted_claude import KEY, build_image, container_settings
from tests.support.supervisors import Supervisor, answering, started
from tests.support.wait import until

pytestmark = [pytest.mark.engine, pytest.mark.image, pytest.mark.claude, pytest.mark.tmux]

TASK = "greet-a-person-by-name"
ANSWERS: dict[str, list[dict[str, Any]]] = json.loads((ROOT / "script/played/answers.json").read_bytes())
SHIPPED = json.loads((ROOT / "scopecraft/config/defaults/workflows.json").read_bytes())["workflows"]


@pytest.fixture
def model() -> Iterator[ModelServer]:
    with ModelServer(ANSWERS) as server:
        yield server


@pytest.fixture
def shop(
    workplace: Path,
    engine: DockerClient,
    agent_image: str,
    claude_binary: Path,
    model: ModelServer,
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    """The default workflow of a home, with its research in a window."""
    home = Path(os.environ["SCOPECRAFT_HOME"])
    image = build_image(engine, ANSWERS, "scopecraft-test-workflow")
    program = [str(claude_binary), "--permission-mode", "manual"]
    window = f"host_command = {json.dumps(program)}\n"
    settings = container_settings(image).replace("[agents.claude]\n", f"[agents.claude]\n{window}")
    (home / "config" / "settings.toml").write_text(f'[missions]\nworkflow = "talked-over"\n{settings}')
    workflow = dict(SHIPPED[0], workflow_id="talked-over")
    for step in workflow["steps"]:
        if step["step_id"] == "research":
            step["mode"] = "dispatch"
    folder = home / "config" / "workflows"
    folder.mkdir(exist_ok=True)
    (folder / "talked-over.workflow.json").write_text(json.dumps(workflow))
    person = {
        "hasCompletedOnboarding": True,
        "projects": {str(home / "worktrees" / "shop" / TASK): {"hasTrustDialogAccepted": True}},
        "customApiKeyResponses": {"approved": [KEY[-20:]], "rejected": []},
    }
    (Path(os.environ["HOME"]) / ".claude.json").write_text(json.dumps(person))
    quiet = ("DISABLE_TELEMETRY", "DISABLE_AUTOUPDATER", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC")
    for name, value in {"ANTHROPIC_BASE_URL": model.url, "ANTHROPIC_API_KEY": KEY, **dict.fromkeys(quiet, "1")}.items():
        monkeypatch.setenv(name, value)
    return workplace


@dataclass
class Mortal:
    """A supervisor that is killed again and again."""

    alive: Supervisor
    chance: random.Random
    deaths: int = 0

    def dies_soon(self) -> None:
        """Within a time in which a step does most of what it does; the next one is up then."""
        assert kill_after(self.alive.process, self.chance.uniform(0.05, 2.5))
        self.deaths += 1
        self.alive = started(self.alive.home)
        answering(self.alive)


@pytest.fixture
def mortal(shop: Path, monkeypatch: pytest.MonkeyPatch, pytestconfig: pytest.Config) -> Iterator[Mortal]:
    monkeypatch.delenv("SCOPECRAFT_SUPERVISOR", raising=False)
    seed = random.randrange(1000) if pytestconfig.getoption("--full") else 5
    print(f"killed by chance {seed}")
    supervisor = started(Home(Path(os.environ["SCOPECRAFT_HOME"]).resolve()))
    mortal = Mortal(supervisor, random.Random(seed))
    try:
        answering(supervisor)
        yield mortal
    finally:
        mortal.alive.kill()


def typed(shop: Path, *words: str, stdin: bytes = b"") -> Said:
    said = sc(*words, cwd=shop, stdin=stdin)
    assert said.code == 0, f"sc {' '.join(words)}: {said.err}"
    return said


def mission(shop: Path, *words: str) -> Said:
    return typed(shop, "mission", words[0], TASK, *words[1:])


def record() -> dict[str, Any]:
    home = Home(Path(os.environ["SCOPECRAFT_HOME"]))
    (folder,) = home.missions_active.parent.glob(f"[ac]*/m-*--{TASK}")
    found: dict[str, Any] = json.loads((folder / "mission.json").read_bytes())
    return found | {"folder": folder}


def stands_at(step_id: str, status: str) -> None:
    """Until the mission has got there."""

    def there() -> bool:
        now = record()
        assert now["status"] != "failed", now["errors"]
        return bool((now["status"], now["steps"][now["current_step"]]["step_id"]) == (status, step_id))

    until(there, 90, every=0.1, what=f"{TASK} to stand at {step_id}, {status}")


def row(shop: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(sc("ls", "--json", cwd=shop).out)[0]
    return found


def test_an_idea_becomes_a_merged_branch_and_a_frozen_folder(shop: Path, mortal: Mortal) -> None:
    idea = b"make a program that says hello!! to a person by name, or to the world\n"
    typed(shop, "mission", "new", "Greet a person by name", stdin=idea)
    assert record()["status"] == "ready"
    mission(shop, "continue")
    mortal.dies_soon()

    stands_at("review-structured", "waiting_human")
    assert "# Greet a person by name" in mission(shop, "cat", "structured-text.md").out
    assert "structured-text.md" in mission(shop, "approve", "--yes").err
    assert sc("mission", "approve", TASK, "--yes", cwd=shop).code == 3, "nothing waits while the next step is at work"

    stands_at("research", "running_code_agent")
    mortal.dies_soon()
    until(lambda: row(shop)["state"] == "waiting", 60, every=0.1, what="the agent in the window to ask")
    assert sc("mission", "continue", TASK, cwd=shop).code == 3, "its agent has not written anything yet"
    assert "research-output.md" in row(shop)["detail"]
    typed(shop, "answer", TASK, "allow")
    until(lambda: row(shop)["status"].get("reason") == "idle", 60, every=0.1, what="its turn to be over")
    mission(shop, "continue")
    stands_at("review-research", "waiting_human")
    mission(shop, "approve", "--yes")
    mortal.dies_soon()

    stands_at("review-plan", "waiting_human")
    mission(shop, "reject", "-m", "Say how it is tested.")
    mortal.dies_soon()
    stands_at("review-plan", "waiting_human")
    assert "test_greeting.py" in mission(shop, "cat", "implementation-plan.md").out
    mission(shop, "approve", "--yes")
    mortal.dies_soon()

    stands_at("review-impl", "waiting_code_review")
    tip = git(shop, "rev-parse", f"feature/{TASK}")
    assert tip[:12] in mission(shop, "approve", "--yes").err
    until(lambda: record()["folder"].parent.name == "completed", 30, every=0.1, what="the mission to be frozen")

    typed(shop, "merge", TASK, "--yes")
    assert git(shop, "log", "-1", "--format=%s", "--no-merges", "main") == "Greet a person by name"
    assert "Hello, Ada!" in (shop / "test_greeting.py").read_text()
    assert git(shop, "status", "--porcelain") == ""

    assert mortal.deaths == 5
    done = record()
    assert [state["phase"] for state in done["steps"]] == ["done"] * 8
    assert [bool(state["approval"]) for state in done["steps"]] == [False, True] * 4
    steps = [session["step_id"] for session in reversed(json.loads(sc("ls", "--all", "--json", cwd=shop).out))]
    assert steps == ["cleanup", "research", "planning", "planning", "implementation"]
    folder: Path = done["folder"]
    summary = (folder / "summary.md").read_text()
    assert re.search(r"says hello!! to a person", summary)
    assert "Say how it is tested." in summary.replace("\\", "")
    assert json.loads((folder / "artifacts" / "implementation-result.json").read_bytes())["status"] == "completed"
