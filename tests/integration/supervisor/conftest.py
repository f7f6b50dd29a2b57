"""The test's own home, made."""

from __future__ import annotations

import os

import pytest

from scopecraft.config.paths import Home, home_of, make_home


@pytest.fixture
def home() -> Home:
    home = home_of(os.environ)
    make_home(home)
    return home
