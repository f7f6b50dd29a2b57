"""The container engine of integration tests: absent, they are skipped on a person's machine and fail in CI."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import NoReturn

import docker
import pytest
from docker import DockerClient
from docker.errors import DockerException, ImageNotFound

AGENT_IMAGE = "scopecraft-agent:latest"


def unavailable(reason: str) -> NoReturn:
    """Skips the test with the reason, or fails it where CI is set: there every tool must be there."""
    if os.environ.get("CI"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def require_engine() -> DockerClient:
    """A client of an engine that answers within five seconds; the caller closes it."""
    try:
        client = docker.from_env(timeout=5)
    except DockerException as problem:
        unavailable(f"no container engine: {problem}")
    try:
        client.ping()
    except (DockerException, OSError) as problem:
        client.close()
        unavailable(f"the container engine does not answer: {problem}")
    client.api.timeout = 120
    return client


def require_image(client: DockerClient, name: str = AGENT_IMAGE) -> str:
    """The image's name, when the engine has it."""
    try:
        client.images.get(name)
    except ImageNotFound:
        unavailable(f"the engine has no image {name}")
    return name


@pytest.fixture(scope="session")
def engine() -> Iterator[DockerClient]:
    client = require_engine()
    yield client
    client.close()


@pytest.fixture(scope="session")
def agent_image(engine: DockerClient) -> str:
    return require_image(engine)
