"""A browser comes in by its link, and sees what there is."""

from __future__ import annotations

from contextlib import closing

import pytest
from playwright.sync_api import Browser, expect

from scopecraft.config.paths import Home
from tests.support.browser import picture, tab
from tests.support.served import served
from tests.support.standing_missions import stand


def test_a_link_lets_a_browser_in_once_and_missions_are_there(home: Home, browser: Browser) -> None:
    stand(home, "fix-login", "research")
    with served() as house, tab(browser, house) as page:
        expect(page.get_by_role("link", name="Fix login")).to_be_visible()
        picture(page, "first-look")
        link = house.link()
        page.goto(link)
        page.wait_for_url(f"{house.address}/")
        again = browser.new_context().new_page()
        again.goto(link)
        expect(again.get_by_role("status")).to_contain_text("this link was used already")


@pytest.mark.parametrize("page", ["//evil.example/", "/%09/evil.example/", "/%5Cevil.example/", "http://evil.example/"])
def test_a_link_leads_to_no_other_server(home: Home, browser: Browser, page: str) -> None:
    with served() as house, closing(browser.new_context()) as context:
        shown = context.new_page()
        shown.goto(house.link(page))
        shown.wait_for_url(f"{house.address}/")
        expect(shown.get_by_role("heading", name="Missions", exact=True)).to_be_visible()
