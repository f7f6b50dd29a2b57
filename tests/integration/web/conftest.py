"""The server of the test's own home."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from scopecraft.config.paths import home_of, make_home
from scopecraft.state.store import Store
from tests.support.served import Served, served


@pytest.fixture
def house() -> Iterator[Served]:
    make_home(home_of(os.environ))
    with served() as found:
        yield found


@pytest.fixture
def store(house: Served) -> Iterator[Store]:
    with Store.open(house.home.root) as found:
        yield found
