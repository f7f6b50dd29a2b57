"""What else a person does with a mission in the browser, each by its button or its key."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Browser, expect

from scopecraft.missions.finding import all_missions
from scopecraft.state.store import Store
from tests.support.browser import tab
from tests.support.gated import gated
from tests.support.missions import make_desk
from tests.support.served import served
from tests.support.sessions import AT, a_session, ended


def test_a_mission_is_completed_taken_up_again_and_removed(tmp_path: Path, browser: Browser) -> None:
    waiting = gated(make_desk(tmp_path)).at_plan()
    with served() as house, tab(browser, house) as page:
        page.goto(f"{house.address}/m/{waiting.id}")
        page.keyboard.press(".")
        page.get_by_role("button", name="Complete").click()
        page.get_by_role("dialog").get_by_role("button", name="No").click()
        expect(page.locator("#mission-head .chip")).to_have_text("waits for your review")
        page.keyboard.press(".")
        page.get_by_role("button", name="Complete").click()
        page.get_by_role("dialog").get_by_role("button", name="Complete").click()
        expect(page.locator("#mission-head .chip")).to_have_text("complete")
        expect(page.locator("#approve")).to_have_count(0)

        page.keyboard.press(".")
        page.get_by_role("button", name="Reopen").click()
        expect(page.locator("#mission-head .chip")).to_have_text("waits for your review")
        expect(page.locator("#approve")).to_be_enabled()

        page.keyboard.press(".")
        page.get_by_role("button", name="Remove").click()
        page.get_by_role("dialog").get_by_role("button", name="Remove").click()
        page.wait_for_url(re.compile(r":\d+/$"))
        expect(page.get_by_role("heading", name="No mission yet")).to_be_visible()
    assert all_missions(waiting.desk.home, completed=True)[0] == []


def test_a_yes_is_for_what_was_pressed_whatever_becomes_of_the_button_meanwhile(
    tmp_path: Path, browser: Browser
) -> None:
    waiting = gated(make_desk(tmp_path)).at_plan()
    with served() as house, tab(browser, house) as page:
        page.goto(f"{house.address}/m/{waiting.id}")
        page.keyboard.press(".")
        page.get_by_role("button", name="Complete").click()
        # as a refresh does that makes the button before it of this one
        page.locator("[data-post$=mark-completed]").evaluate(
            "({ dataset }) => { dataset.delete = dataset.post.replace('/mark-completed', ''); delete dataset.post; }"
        )
        page.get_by_role("dialog").get_by_role("button", name="Complete").click()
        expect(page.locator("#mission-head .chip")).to_have_text("complete")
    assert len(all_missions(waiting.desk.home, completed=True)[0]) == 1


def test_what_happens_elsewhere_is_seen_and_takes_nothing_from_who_works_here(tmp_path: Path, browser: Browser) -> None:
    waiting = gated(make_desk(tmp_path))
    with served() as house, tab(browser, house) as page:
        page.goto(f"{house.address}/m/{waiting.id}/usage")
        expect(page.locator("#gate")).to_contain_text("Plan can begin")
        copied = page.locator("#timeline [data-copy]").first
        copied.focus()
        page.keyboard.press(".")
        expect(page.locator("#actions")).to_have_attribute("open", "")
        copied.focus()
        waiting.at_plan()
        with Store.open(waiting.desk.home.root) as store:
            store.create(a_session(mission_id=waiting.id, task="fix-login", project="shop", step_id="plan"), AT)
            store.move(store.live()[0].id, ended(), "session_ended", AT)
        expect(page.locator("#gate")).to_contain_text("Review plan waits for you")
        expect(page.locator("#approve")).to_be_enabled()
        expect(page.locator("#step-plan")).to_contain_text("claude")
        expect(copied).to_be_focused()
        expect(page.locator("#actions")).to_have_attribute("open", "")
        expect(page).to_have_title(re.compile(r"^\(1\) fix-login"))
        expect(page.locator("[data-tabs] [aria-current]")).to_contain_text("Usage")
        page.keyboard.press("1")
        page.wait_for_url("**/log")
        expect(page.locator("[data-tabs] [aria-current]")).to_contain_text("Log")
        page.go_back()
        expect(page.locator("[data-tabs] [aria-current]")).to_contain_text("Usage")
        assert house.client.delete(f"/api/missions/{waiting.id}").status_code == 200
        expect(page.get_by_text("This mission is not here any more")).to_be_visible()
        expect(page.locator("#step-plan")).to_be_visible()
