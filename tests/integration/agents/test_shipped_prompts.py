"""The prompts that are shipped, with the real Claude Code: each reaches the model whole, its output gets written."""

from __future__ import annotations

import json
import os
import subprocess
import uuid
from pathlib import Path
from typing import Any

import pytest

from scopecraft.agents.base import dialect
from scopecraft.config.paths import Home
from scopecraft.config.workflow_shelves import shelves_of
from scopecraft.config.workflows import DEFAULT, load_recipe
from scopecraft.model.activity import Activity
from scopecraft.model.launch import AgentRequest
from scopecraft.model.mission import Mission, StepState
from scopecraft.model.workflow import Loop, Recipe, Step
from scopecraft.sessions.step_prompt import PROMISE, step_prompt
from scopecraft.streams.activity import read_activity
from tests.support.model_server import ModelServer, texts_of
from tests.support.repos import git, make_repository

pytestmark = pytest.mark.claude

KEY = "sk-ant-dummy-0123456789012345678901234567890"
CLAUDE = dialect("claude")
SHIPPED = load_recipe(shelves_of(Home(Path("/nowhere")), None), DEFAULT).recipe
REVIEW = """\
workflow_id: reviewed
steps:
  - {step_id: build, type: agent, agent: implementation, outputArtifact: implementation-result.json}
  - step_id: judge
    type: agent
    agent: reviewer
    workspaceMode: document
    inputArtifacts: [raw-input.md, implementation-result.json]
    outputArtifact: review.md
    loop: {artifact: review.md, when: changes, to: build}
"""
RESULT = {"status": "completed", "filesCreated": ["hello.py"], "filesModified": [], "testsAdded": [], "notes": "none"}
CONTENTS = {
    "structured-text.md": "# Greet\n## Goal\nA greeting.\n",
    "research-output.md": "# Research: Greet\n",
    "implementation-plan.md": "# Plan: Greet\n",
    "implementation-result.json": json.dumps(RESULT),
    "review.md": "# Review: Greet\n\nVERDICT: changes\n",
}
COMMIT = "echo 'print(1)' > hello.py && git add hello.py && git commit -qm 'a greeting'"


def a_mission(worktree: Path) -> Mission:
    return Mission(
        id="m-0000000000000001", title="Greet a person", slug="greet", type="feature", workflow_id=DEFAULT,
        current_step=0, status="ready", project="shop", branch="main", base="0" * 40, worktree=str(worktree),
        created_at="", updated_at="",
    )  # fmt: skip


def reviewed(folder: Path) -> Recipe:
    home = Home(folder)
    (home.config / "workflows").mkdir(parents=True)
    (home.config / "workflows" / "reviewed.workflow.yaml").write_text(REVIEW)
    return load_recipe(shelves_of(home, None), "reviewed").recipe


def worked(folder: Path, binary: Path, recipe: Recipe, step: Step, prompt: str) -> tuple[list[str], Activity]:
    """What the model was asked first, and what became of it; it writes the step's output, and code where it may."""
    work, artifacts = folder / "work", folder / "artifacts"
    path = str(artifacts / step.outputs[0])
    turns: list[dict[str, Any]] = [
        {"tool": "Write", "input": {"file_path": path, "content": CONTENTS[step.outputs[0]]}}
    ]
    if step.workspace == "codegen":
        turns.insert(0, {"tool": "Bash", "input": {"command": COMMIT, "description": "commit"}})
    request = AgentRequest(
        prompt=prompt, model=None, conversation_id=str(uuid.uuid4()), resume=False, cwd=str(work),
        config_folder=str(folder / "config"), hooks_folder=None, program=(str(binary),), sandboxed=True,
        as_root=os.getuid() == 0, secrets={"ANTHROPIC_API_KEY": KEY}, effort="high",
    )  # fmt: skip
    command = CLAUDE.headless(request)
    for name, content in command.config_files.items():
        (folder / "config" / name).write_bytes(content)
    with ModelServer([*turns, {"text": f"It is done.\n\n{PROMISE}"}]) as server:
        own = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "ANTHROPIC_API_KEY": KEY}
        done = subprocess.run(
            command.argv,
            env={**own, **command.env, "ANTHROPIC_BASE_URL": server.url},
            cwd=work,
            input=command.stdin,
            capture_output=True,
            timeout=90,
        )
        asked = next(request for request in server.requests if request.get("tools"))
    assert done.returncode == 0, done.stderr
    (folder / "stream").write_bytes(done.stdout)
    said = [text for message in asked["messages"] if message["role"] == "user" for text in texts_of(message)]
    return said, read_activity(folder / "stream", CLAUDE.entries)


@pytest.mark.parametrize("step_id", ["cleanup", "research", "planning", "implementation", "judge"])
def test_a_shipped_prompt_reaches_the_model_whole_and_the_output_is_written(
    tmp_path: Path, claude_binary: Path, step_id: str
) -> None:
    recipe = reviewed(tmp_path / "home") if step_id == "judge" else SHIPPED
    step = recipe.workflow.step(step_id)
    assert step is not None and step.role is not None
    work = make_repository(tmp_path / "work")
    (tmp_path / "config").mkdir()
    (tmp_path / "artifacts").mkdir()
    state = StepState(step_id, feedback=("The third requirement is missing.",))
    prompt = step_prompt(a_mission(work), step, recipe.roles[step.role], state, str(tmp_path / "artifacts"))
    said, activity = worked(tmp_path, claude_binary, recipe, step, prompt)
    assert prompt.strip() in "\n".join(said)
    for part in (recipe.roles[step.role].prompt, "Greet a person", "The third requirement is missing.", PROMISE):
        assert part in prompt
    for name in (*step.inputs, *step.outputs):
        assert f"{tmp_path}/artifacts/{name}" in prompt
    assert isinstance(step.loop, Loop) == ("`changes` when the work must go back to the step build" in prompt)
    assert (tmp_path / "artifacts" / step.outputs[0]).read_text() == CONTENTS[step.outputs[0]]
    assert activity.claim is not None and PROMISE in activity.claim.text and not activity.claim.is_error
    assert git(work, "log", "--format=%s", "-1") == ("a greeting" if step.workspace == "codegen" else "start")
    assert git(work, "status", "--porcelain") == ""
