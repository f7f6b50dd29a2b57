"""Missions with their branch and worktree, made as a start makes them, without any session."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from scopecraft.config.paths import Home
from scopecraft.missions.folder import create_mission
from scopecraft.model import clock
from scopecraft.model.ids import new_mission_id
from scopecraft.model.mission import Mission
from scopecraft.worktrees.repository import open_repository, resolve_base
from scopecraft.worktrees.worktree import CreateRequest, create
from tests.support.command_line import sc
from tests.support.repos import make_repository


def home_here() -> Home:
    return Home(Path(os.environ["SCOPECRAFT_HOME"]).resolve())


def linked_repository(folder: Path, *, files: int = 3) -> Path:
    """A repository, linked in a fresh home."""
    make_repository(folder, files=files)
    assert sc("init").code == 0
    assert sc("link", cwd=folder).code == 0
    return folder


def add_mission(repository: Path, task: str, *, base: str = "HEAD", **changes: Any) -> Mission:
    """On the branch `feature/<task>`, in a worktree of the home."""
    home, repo, at = home_here(), open_repository(repository), clock.now()
    commit = resolve_base(repo, base).commit
    mission = Mission(
        id=new_mission_id(at),
        title=task,
        slug=task,
        type="feature",
        workflow_id="oneshot",
        current_step=0,
        status="ready",
        project=repository.name,
        branch=f"feature/{task}",
        base=commit,
        worktree=str(home.worktrees / repository.name / task),
        created_at=clock.to_text(at),
        updated_at=clock.to_text(at),
    )
    mission = replace(mission, **changes)
    path = Path(mission.worktree)
    create(repo, CreateRequest(path, mission.branch, commit, f"scopecraft mission {task}"))
    create_mission(home, mission, "what to do")
    return mission
