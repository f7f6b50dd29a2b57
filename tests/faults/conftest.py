"""Worlds for faults: a home with a line of sessions, on the machine's engine or on one that a test may kill."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from docker import DockerClient

from tests.support.boxes import ENGINE
from tests.support.faults import Counts, World, opened_world
from tests.support.played import opened_shop
from tests.support.private_engine import IMAGE, PrivateEngine, private_engine

COUNTED: pytest.StashKey[Counts] = pytest.StashKey()


@pytest.fixture
def full(pytestconfig: pytest.Config) -> bool:
    """Whether a test has the time for all of it."""
    return bool(pytestconfig.getoption("--full"))


@pytest.fixture
def world(
    clean_environment: Path, engine: DockerClient, agent_image: str, request: pytest.FixtureRequest
) -> Iterator[World]:
    with opened_shop(clean_environment / "shop", engine) as shop, opened_world(shop, ENGINE) as world:
        yield world
        _count(request, world)


@pytest.fixture(scope="session")
def kept_engine() -> Iterator[PrivateEngine]:
    """One for all tests that kill it: each leaves it up."""
    with private_engine() as engine:
        yield engine


@pytest.fixture
def own_engine_world(
    clean_environment: Path,
    kept_engine: PrivateEngine,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> Iterator[World]:
    """Its sessions run on `kept_engine`."""
    monkeypatch.setenv("DOCKER_HOST", kept_engine.address)
    with (
        contextlib.closing(kept_engine.client()) as client,
        opened_shop(clean_environment / "shop", client) as shop,
        opened_world(shop, kept_engine.address) as world,
    ):
        shop.home.settings_file.write_text(f'[container]\nnetwork = "none"\nimage = "{IMAGE}"\n')
        yield world
        _count(request, world)


def _count(request: pytest.FixtureRequest, world: World) -> None:
    request.config.stash.setdefault(COUNTED, Counts()).add(world.counted)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    counted = config.stash.get(COUNTED, None)
    if counted is not None:
        terminalreporter.write_line(f"invariants of tests/faults: {counted}")
