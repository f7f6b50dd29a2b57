"""A home, its store, and a repository where a mission needs one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from scopecraft.config.paths import Home
from scopecraft.state.store import Store
from tests.support.command_line import sc
from tests.support.missions import Desk, make_desk


@pytest.fixture
def home() -> Home:
    assert sc("init").code == 0
    return Home(Path(os.environ["SCOPECRAFT_HOME"]).resolve())


@pytest.fixture
def store(home: Home) -> Iterator[Store]:
    with Store.open(home.root) as store:
        yield store


@pytest.fixture
def desk(clean_environment: Path) -> Desk:
    return make_desk(clean_environment)
