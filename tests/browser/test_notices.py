"""Notifications of the browser: off until asked for, one for what waits for a person, gone when it does not."""

from __future__ import annotations

from dataclasses import replace

from playwright.sync_api import Browser, Page, expect

from scopecraft.config.paths import Home
from scopecraft.missions.folder import save_mission
from scopecraft.model.event import Event
from scopecraft.model.mission import Mission
from scopecraft.state.store import Store
from tests.support.browser import tab
from tests.support.served import served
from tests.support.sessions import AT
from tests.support.standing_missions import stand
from tests.support.wait import until

# a browser without a desktop shows none: it is asked what it was told to show
DESKTOP = """window.told = [];
window.Notification = class extends EventTarget {
  static permission = "granted";
  constructor(title, options) {
    super();
    Object.assign(this, { title, ...options, isOpen: true });
    window.told.push(this);
  }
  close() { this.isOpen = false; }
};"""


def is_told(page: Page) -> list[tuple[str, str, bool]]:
    return [tuple(each) for each in page.evaluate("window.told.map((each) => [each.title, each.body, each.isOpen])")]


def moved(home: Home, mission: Mission) -> None:
    save_mission(home, mission)
    with Store.open(home.root) as store:
        store.append(Event(0, AT, "mission_moved", mission.id, data={"how": "continue"}))


def test_who_asked_for_it_is_told_once_of_what_begins_to_wait(home: Home, browser: Browser) -> None:
    stand(home, "waits-already", "research")
    later = stand(home, "fix-login")
    with served() as house, tab(browser, house) as page:
        page.add_init_script(DESKTOP)
        page.reload()
        expect(page).to_have_title("(2) Missions · scopecraft")
        assert is_told(page) == []
        page.evaluate("localStorage.setItem('notices', 'on')")
        with page.expect_request("**/notices.js"):
            page.reload()
        waits = replace(later, steps=(replace(later.steps[0], phase="done"), *later.steps[1:]), current_step=1)
        moved(home, waits)
        expect(page.locator("tr", has_text="Fix login")).to_contain_text("waits for your review")
        until(lambda: len(is_told(page)) == 1, what="one is told")
        assert is_told(page) == [("Fix login", "Review research waits for you: read research.md", True)]
        moved(home, replace(waits, steps=(waits.steps[0], replace(waits.steps[1], phase="done"), *waits.steps[2:])))
        until(lambda: not is_told(page)[0][2], what="it is closed")
        page.evaluate("window.told[0].dispatchEvent(new Event('click'))")
        page.wait_for_url(f"**/m/{later.id}")
