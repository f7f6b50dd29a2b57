"""One Chromium for all pages of this process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from scopecraft.config.paths import Home, home_of, make_home
from tests.support.browser import chromium


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture
def home() -> Home:
    import os

    found = home_of(os.environ)
    make_home(found)
    return found
