"""What a browser loads before it shows the first row of a log."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.support.missions import make_desk
from tests.support.served import served

MOST_BYTES = 60_000
_LOADED = """performance.getEntriesByType("resource").filter((each) => new URL(each.name).pathname.endsWith(".js"))
  .map((each) => [new URL(each.name).pathname, each.encodedBodySize])"""


def test_the_first_row_of_a_log_costs_less_than_60_kb_of_script(tmp_path: Path, browser: Browser) -> None:
    desk = make_desk(tmp_path)
    mission = desk.mission("fix-login")
    desk.session(mission)
    with served() as house:
        context = browser.new_context()
        page = context.new_page()
        page.goto(house.link(f"/m/{mission.id}"))
        page.wait_for_url(f"**/m/{mission.id}")
        expect(page.locator("[data-rows] > *").first).to_be_visible()
        loaded = dict(page.evaluate(_LOADED))
        context.close()
    assert {"htmx.js", "live.js", "log.js", "mission.js"} <= {path.rpartition("/")[2] for path in loaded}
    assert 25_000 < sum(loaded.values()) < MOST_BYTES, loaded
