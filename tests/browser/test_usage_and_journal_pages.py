"""The cost of the week in a picture, and the journal as it grows, in a real browser."""

from __future__ import annotations

from datetime import timedelta

from playwright.sync_api import Browser, expect

from scopecraft.config.paths import Home
from scopecraft.model import clock
from scopecraft.model.event import Event
from scopecraft.model.session import Completed, Ended, Starting
from scopecraft.state.store import Store
from tests.support.browser import NARROW, picture, tab
from tests.support.served import served
from tests.support.sessions import a_session, running
from tests.support.standing_missions import stand


def work(store: Store, mission_id: str, cost_usd: float, days_ago: int, **changes: object) -> None:
    at = clock.to_text(clock.now() - timedelta(days=days_ago))
    session = store.create(a_session(mission_id=mission_id, created_at=at, status=Starting(at), **changes), at)
    store.move(session.id, running(), "session_started", at)
    told = {"outcome": "completed", "input_tokens": 41_000, "output_tokens": 900, "cost_usd": cost_usd}
    store.move(session.id, Ended(at, at, Completed()), "session_ended", at, data=told)


def test_the_week_is_drawn_and_follows_what_ends(home: Home, browser: Browser) -> None:
    mission = stand(home, "fix-login", "research")
    with Store.open(home.root) as store:
        for days_ago in range(4):
            work(store, mission.id, 1.0 + days_ago, days_ago, step_id="research")
        with served() as house, tab(browser, house) as page:
            page.keyboard.press("g")
            page.keyboard.press("u")
            page.wait_for_url(f"{house.address}/usage")
            expect(page.locator(".totals dd").first).to_have_text("$10.00")
            drawn = page.locator("[data-picture] canvas")
            expect(drawn).to_be_visible()
            page.locator("[data-picture] .u-over").hover()
            expect(page.locator("[data-picture-said]")).to_contain_text("$4.00")
            picture(page, "usage")
            page.get_by_text("The same as a table").click()
            work(store, mission.id, 2.5, 0, step_id="build")
            expect(page.locator(".totals dd").first).to_have_text("$12.50")
            expect(drawn).to_be_visible()
            expect(page.get_by_role("row", name="$3.50").first).to_be_visible()
            page.get_by_role("link", name="fix-login").click()
            page.wait_for_url(f"{house.address}/m/{mission.id}**")
        with served() as house, tab(browser, house, size=NARROW, theme="dark") as page:
            page.goto(f"{house.address}/usage?range=month")
            expect(page.locator("[data-picture] canvas")).to_be_visible()
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
            picture(page, "usage-narrow-dark")


def test_the_journal_grows_while_one_looks_on_and_goes_back_on_demand(home: Home, browser: Browser) -> None:
    def happened(number: int) -> Event:
        return Event(0, clock.to_text(clock.now()), "queue_changed", data={"change": f"number {number}"})

    with Store.open(home.root) as store:
        store.append(*(happened(number) for number in range(130)))
        with served() as house, tab(browser, house) as page:
            page.goto(f"{house.address}/journal")
            lines = page.locator(".journal li")
            expect(lines).to_have_count(100)
            store.append(*(happened(number) for number in range(130, 135)))
            expect(lines).to_have_count(105)
            expect(lines.first).to_contain_text("number 134")
            page.keyboard.press("o")
            expect(lines).to_have_count(135)
            expect(lines.last).to_contain_text("number 0")
            picture(page, "journal")
            page.get_by_label("only: sessions").check()
            expect(page.get_by_text("Nothing of this kind")).to_be_visible()
            store.append(happened(135))
            store.append(Event(0, clock.to_text(clock.now()), "message_sent", data={"text": "<b>hello</b>"}))
            expect(lines).to_have_count(1)
            expect(lines.first).to_contain_text("was sent a message: <b>hello</b>")
