"""What agents use is added up on the pages while they tell it."""

from __future__ import annotations

import json

from playwright.sync_api import Browser, WebSocketRoute, expect

from scopecraft.config.paths import Home
from scopecraft.state.store import Store
from tests.support.browser import tab
from tests.support.served import served
from tests.support.sessions import AT, running
from tests.support.standing_missions import a_run, an_ended_run, stand

SAID = {"turns": 3, "output_tokens": 1_000, "cache_read_tokens": 500_000, "cache_write_tokens": 0}


def test_tokens_and_cost_follow_what_a_session_says(home: Home, browser: Browser) -> None:
    mission = stand(home, "fix-login", "research", "review", phases={"build": "running"})
    with Store.open(home.root) as store:
        an_ended_run(store, mission, "research", cost_usd=0.5)
        session = a_run(store, mission, "build")
        store.move(session.id, running(), "session_started", AT)
    sockets: list[WebSocketRoute] = []

    def says(cost: float, tokens: int) -> None:
        said = {"session": session.id, "task": mission.slug, "cost_usd": cost, "input_tokens": tokens, **SAID}
        sockets[-1].send(json.dumps({"activities": [said]}))

    def between(route: WebSocketRoute) -> None:
        route.connect_to_server()
        sockets.append(route)

    with served() as house, tab(browser, house) as page:
        page.route_web_socket("**/ws/events*", between)
        page.reload()
        row = page.locator("tr", has_text="Fix login")
        expect(row.locator("[data-cost-shown]")).to_have_text("$0.50")
        says(0.25, 100)
        expect(row.locator("[data-cost-shown]")).to_have_text("$0.75")
        page.goto(f"{house.address}/m/{mission.id}")
        expect(page.locator("[data-figure=cost]")).to_have_text("$0.50")
        expect(page.get_by_role("button", name="Pause")).to_be_visible()
        says(0.75, 100)
        says(2.25, 658_140)
        expect(page.locator("[data-figure=in]")).to_have_text("1,199,140")
        expect(page.locator("[data-figure=out]")).to_have_text("4,000")
        expect(page.locator("[data-figure=cost]")).to_have_text("$2.75")
        expect(page.locator("#step-build")).to_contain_text("$2.25")
