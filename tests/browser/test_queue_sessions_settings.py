"""The queue, sessions and settings in a real browser: by hand, by keys, on a narrow screen, in both themes."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from scopecraft.config.paths import Home
from scopecraft.sessions import queue_changes
from scopecraft.sessions.context import Context
from scopecraft.state.store import Store
from tests.support.axe import complaints
from tests.support.browser import NARROW, WIDE, picture, tab
from tests.support.lines import in_line, over
from tests.support.served import Served, served
from tests.support.standing_missions import stand
from tests.support.wait import until


@pytest.fixture
def store(home: Home) -> Iterator[Store]:
    with Store.open(home.root) as found:
        yield found


def order(store: Store) -> list[str]:
    return [item.session.task for item in store.line()]


def test_the_line_is_put_in_order_by_keys_and_by_hand(store: Store, browser: Browser) -> None:
    in_line(store, "one", "two", "three", "four")
    with served() as house, tab(browser, house) as page:
        page.goto(f"{house.address}/queue")
        row = page.locator("[data-task=three]")
        row.focus()
        row.press("Alt+ArrowUp")
        until(lambda: order(store) == ["one", "three", "two", "four"], what="the key moves it up")
        expect(page.locator("[data-announce]")).to_have_text("three: place 2 of 4")
        expect(page.locator("[data-line] > li").nth(1)).to_contain_text("three")
        expect(row).to_be_focused()
        row.press("K")
        until(lambda: order(store) == ["three", "one", "two", "four"], what="and so does the letter")
        page.locator("[data-task=four]").drag_to(page.locator("[data-task=one]"))
        until(lambda: order(store) == ["three", "four", "one", "two"], what="it is where it was dropped")
        page.locator("[data-task=two]").focus()
        page.keyboard.press("x")
        until(lambda: order(store) == ["three", "four", "one"], what="it has left the line")
        expect(page.locator("[data-line] > li")).to_have_count(3)
        in_line(store, "late")
        expect(page.locator("[data-line] > li")).to_have_count(4)  # nobody reloaded the page
        page.keyboard.press("p")
        expect(page.get_by_text("Paused: by you")).to_be_visible()
        assert store.queue.rules().is_paused
        picture(page, "queue-paused")
        page.get_by_label("May wait").fill("4")
        queue_changes.limit(Context.of(os.environ), running=7, waiting=None)
        expect(page.get_by_label("At once")).to_have_value("7")  # somebody else's change is not undone by saving
        page.get_by_role("button", name="Save").click()
        until(lambda: store.queue.rules().max_waiting == 4, what="the limit is saved")
        assert store.queue.rules().max_running == 7


def test_what_happens_meanwhile_takes_nothing_out_of_a_hand(store: Store, browser: Browser) -> None:
    in_line(store, "one", "two", "three")
    with served() as house, tab(browser, house) as page:
        page.goto(f"{house.address}/queue")
        page.locator("[data-task=three]").hover()
        page.mouse.down()
        page.locator("[data-task=two]").hover()
        with page.expect_response("**/queue"):
            in_line(store, "late")
        page.locator("[data-task=one]").hover()
        expect(page.locator(".dragged")).to_have_attribute("data-task", "three")
        page.mouse.up()
        until(lambda: order(store) == ["three", "one", "two", "late"], what="it is where it was dropped")
        expect(page.locator("[data-line] > li")).to_have_count(4)


def test_a_setting_that_is_none_is_refused_with_the_reason_and_nothing_is_written(home: Home, browser: Browser) -> None:
    home.settings_file.parent.mkdir(parents=True, exist_ok=True)
    home.settings_file.write_text("# mine\n[container]\nmemory = '4g'\n")
    with served() as house, tab(browser, house) as page:
        page.goto(f"{house.address}/settings")
        page.get_by_role("searchbox").fill("container.memory")
        field = page.get_by_label("container.memory", exact=True)
        expect(field).to_have_value("4g")
        field.fill("much")
        field.press("Enter")
        expect(page.locator("#set-container-memory [data-why]")).to_contain_text("'much' is no size")
        assert home.settings_file.read_text() == "# mine\n[container]\nmemory = '4g'\n"
        field.fill("8g")
        field.press("Enter")
        expect(page.get_by_label("container.memory", exact=True)).to_have_value("8g")
        until(lambda: '"8g"' in home.settings_file.read_text(), what="what can be used is written")
        assert home.settings_file.read_text().startswith("# mine\n")
        page.get_by_role("button", name="Reset container.memory").click()
        expect(page.get_by_role("button", name="Reset container.memory")).to_have_count(0)
        assert "memory" not in home.settings_file.read_text()


@pytest.mark.parametrize(("theme", "size"), [("light", WIDE), ("dark", NARROW)], ids=["light", "dark"])
def test_pages_fit_their_screen_and_axe_finds_nothing(
    store: Store, home: Home, browser: Browser, theme: str, size: tuple[int, int]
) -> None:
    mission = stand(home, "long", title="title " * 50)
    sessions = [over(store, task=f"task-{number}", mission_id=mission.id) for number in range(3)]
    waiting = in_line(store, "x" * 120, "next")
    queue_changes.pause(Context.of(os.environ))
    with served() as house, tab(browser, house, size=size, theme=theme) as page:
        for path in ("/queue", "/sessions", f"/sessions/{sessions[0].id}", f"/sessions/{waiting[0].id}", "/settings"):
            _looked_at(page, house, path)
            expect(page.locator("h1")).to_have_count(1)
            assert page.evaluate("document.documentElement.scrollWidth") <= size[0], f"{path} is wider than the screen"
            assert complaints(page) == [], path
            picture(page, f"{path.split('/')[1]}-{theme}")


def test_ended_sessions_come_in_pages_and_are_narrowed(store: Store, browser: Browser) -> None:
    for number in range(55):
        over(store, task=f"old-{number}", agent="codex" if number == 3 else "claude")
    with served() as house, tab(browser, house) as page:
        page.goto(f"{house.address}/sessions")
        expect(page.get_by_text("1–50 of 55")).to_be_visible()
        page.keyboard.press("]")
        expect(page.get_by_text("51–55 of 55")).to_be_visible()
        page.get_by_label("Agent", exact=True).select_option("codex")
        expect(page.get_by_role("link", name="old-3")).to_be_visible()
        expect(page.locator("table.sessions tbody tr")).to_have_count(1)
        page.get_by_label("Filter by task").fill("nothing-like-that")
        expect(page.get_by_text("No session is like that")).to_be_visible()


def _looked_at(page: Page, house: Served, path: str) -> None:
    page.goto(f"{house.address}{path}")
    page.wait_for_load_state("networkidle")
