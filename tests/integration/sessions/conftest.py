"""A shop for each test, and everything that was started in it ended afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from docker import DockerClient

from tests.support.played import Shop, opened_shop


@pytest.fixture
def shop(clean_environment: Path, engine: DockerClient, agent_image: str) -> Iterator[Shop]:
    with opened_shop(clean_environment / "shop", engine) as shop:
        yield shop
