"""Where the pictures are taken: a home of its own and a small repository, in a folder that tells of no machine."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import docker

from scopecraft.config.paths import Home

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
FOLDER = Path("/tmp/demo")  # neutral, and short
SHOP = FOLDER / "shop"
HOME = Home(FOLDER / "home")
IMAGE = "scopecraft-picture"
PATIENCE_SECONDS = 90
ENVIRONMENT = {
    "PATH": f"{ROOT / '.venv/bin'}:{os.environ['PATH']}",
    "HOME": str(FOLDER),
    "SCOPECRAFT_HOME": str(HOME.root),
    "XDG_RUNTIME_DIR": str(FOLDER / "run"),
    "USER": "ada",
    "LOGNAME": "ada",
    "TERM": "xterm-256color",
    "COLORTERM": "truecolor",
    "LANG": "C.UTF-8",
    "TZ": "UTC",
}
SETTINGS = f"""\
[agents.claude]
image = "{IMAGE}"
command = ["python3", "/opt/played/agent.py"]

[missions]
workflow = "plan-and-build"
"""
WORKFLOW = {
    "workflow_id": "plan-and-build",
    "name": "Plan and build",
    "steps": [
        {
            "step_id": "plan",
            "name": "Plan",
            "agent": "planning",
            "type": "agent",
            "workspaceMode": "document",
            "inputArtifact": "raw-input.md",
            "outputArtifact": "plan.md",
        },
        {"step_id": "review-plan", "name": "Review plan", "type": "human-gate", "reviewArtifact": "plan.md"},
        {
            "step_id": "build",
            "name": "Build",
            "type": "agent",
            "agent": "implementation",
            "inputArtifact": "plan.md",
            "autostart": True,
        },
        {"step_id": "review-code", "name": "Review code", "type": "code-review"},
    ],
}


@contextmanager
def stage() -> Iterator[None]:
    """The repository of Ada's shop, linked in a home whose agent is the played one; all of it is removed afterwards."""
    if FOLDER.exists():
        raise SystemExit(f"{FOLDER} exists already: move it away first")
    docker.from_env(timeout=300).images.build(path=str(HERE), tag=IMAGE, rm=True)
    try:
        _repository()
        call("sc", "init")
        (HOME.config / "settings.toml").write_text(SETTINGS)
        (HOME.config / "workflows").mkdir(exist_ok=True)
        (HOME.config / "workflows/plan-and-build.workflow.json").write_text(json.dumps(WORKFLOW))
        call("sc", "link")
        yield
    finally:
        _clear()


def _repository() -> None:
    shutil.copytree(HERE / "shop", SHOP)
    (FOLDER / "run").mkdir(mode=0o700)
    call("git", "init", "-q", "-b", "main")
    for setting in (("user.name", "Ada"), ("user.email", "ada@example.com"), ("log.decorate", "no")):
        call("git", "config", *setting)
    call("git", "add", ".")
    call("git", "commit", "-q", "-m", "Begin")


def _clear() -> None:
    if not FOLDER.exists():
        return
    if SHOP.exists() and HOME.root.exists():
        call("sc", "queue", "clear", "--yes", check=False)
        for row in json.loads(call("sc", "ls", "--json", check=False) or "[]"):
            call("sc", "stop", row["id"], "--now", check=False)
        call("sc", "down", check=False)
    shutil.rmtree(FOLDER)


def call(*command: str, check: bool = True, said: str = "") -> str:
    """What the command prints; run in the repository, as Ada, with `said` on its standard input."""
    done = subprocess.run(command, cwd=SHOP, env=ENVIRONMENT, input=said, capture_output=True, text=True)
    if check and done.returncode != 0:
        raise RuntimeError(f"{command} failed: {done.stderr}")
    return done.stdout


def mission(task: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(call("sc", "mission", "show", task, "--json"))
    return found


def until(condition: Callable[[], bool], complaint: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise RuntimeError(complaint)
        time.sleep(0.1)
