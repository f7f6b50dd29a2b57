"""Places for missions: a repository, a worktree, an engine."""

from __future__ import annotations

from pathlib import Path

import pytest
from docker import DockerClient

from tests.support.container_git import Place, make_place


@pytest.fixture
def place(engine: DockerClient, agent_image: str, tmp_path: Path) -> Place:
    """A fresh repository and a mission's worktree; containers run the agent image."""
    return make_place(engine, tmp_path)
