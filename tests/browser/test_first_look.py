"""A browser comes in by its link, and sees what there is."""

from __future__ import annotations

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
