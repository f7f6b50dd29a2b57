"""A shop for each test, and everything that was started in it ended afterwards."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from docker import DockerClient
from docker.errors import DockerException

from tests.support.command_line import sc
from tests.support.played import Shop
from tests.support.repos import make_repository
from tests.support.tmux import tmux


@pytest.fixture
def shop(clean_environment: Path, engine: DockerClient, agent_image: str) -> Iterator[Shop]:
    folder = make_repository(clean_environment / "shop")
    assert sc("init").code == 0
    assert sc("link", cwd=folder).code == 0
    shop = Shop(folder, engine)
    yield shop
    for container in shop.containers():
        try:
            container.remove(force=True, v=True)
        except DockerException:
            assert container.id not in [other.id for other in shop.containers()]
    for socket in Path(os.environ["XDG_RUNTIME_DIR"]).glob("scopecraft/*/tmux"):
        tmux(socket, "kill-server", check=False)
