"""The list of missions: found by keys and by words, and alive while somebody works with it."""

from __future__ import annotations

from dataclasses import replace

from playwright.sync_api import Browser, Page, expect

from scopecraft.config.paths import Home
from scopecraft.missions.folder import folder_of
from scopecraft.model.event import Event
from scopecraft.state.store import Store
from tests.support.axe import complaints
from tests.support.browser import NARROW, picture, tab
from tests.support.served import served
from tests.support.sessions import AT
from tests.support.standing_missions import an_ended_run, stand


def told(home: Home, mission_id: str) -> None:
    """Something happened to the mission."""
    with Store.open(home.root) as store:
        store.append(Event(0, AT, "mission_moved", mission_id, data={"how": "continue"}))


def titles(page: Page) -> list[str]:
    return [each.inner_text() for each in page.locator("#missions .title a").all()]


def test_what_needs_a_person_stands_first_and_is_found_by_keys_and_words(home: Home, browser: Browser) -> None:
    stand(home, "add-tests")
    failed = stand(home, "fix-login", "research", "review", phases={"build": "failed"}, errors=("it broke",))
    gate = stand(home, "new-search", "research")
    stand(home, "old-one", "research", "review", "build", "look")
    with Store.open(home.root) as store:
        an_ended_run(store, failed, "research", cost_usd=4.1)
    with served() as house, tab(browser, house) as page:
        assert titles(page) == ["New search", "Fix login", "Add tests"]
        expect(page).to_have_title("(3) Missions · scopecraft")
        expect(page.locator("tr", has_text="Fix login")).to_contain_text("$4.10")
        page.keyboard.press("+")
        expect(page.get_by_role("link", name="Old one")).to_be_visible()
        page.keyboard.press("j")
        page.keyboard.press("j")
        expect(page.get_by_role("link", name="Fix login")).to_be_focused()

        # another one comes in above: who works in the list stays where they are
        stand(home, "urgent", "research", updated_at="2026-04-01T10:00:00.000Z")
        told(home, gate.id)
        expect(page.get_by_role("link", name="Urgent")).to_be_visible()
        expect(page.get_by_role("link", name="Fix login")).to_be_focused()
        expect(page).to_have_title("(4) Missions · scopecraft")
        assert complaints(page) == []
        picture(page, "missions")

        page.keyboard.press("/")
        page.keyboard.type("status:failed login")
        expect(page.locator("#missions .title a")).to_have_count(1)
        page.reload()
        assert titles(page) == ["Fix login"]
        page.locator("input[name=q]").fill("nothing like it")
        expect(page.get_by_role("heading", name="Nothing fits")).to_be_visible()
        page.locator("input[name=q]").fill("")
        expect(page.get_by_role("link", name="New search")).to_be_visible()
        page.locator("h1").click()
        page.keyboard.press("k")
        page.keyboard.press("a")
        page.wait_for_url("**/m/*#gate")


def test_a_list_is_readable_whatever_stands_in_it(home: Home, browser: Browser) -> None:
    stand(home, "long", title="A title that goes on and on " * 12)
    stand(home, "markup", title="<img src=x onerror=alert(1)> & more")
    damaged = folder_of(home, stand(home, "damaged")) / "mission.json"
    damaged.write_text("{no")
    nowhere = "unix:///nowhere/engine.sock"
    with served(DOCKER_HOST=nowhere) as house, tab(browser, house, size=NARROW, theme="dark") as page:
        expect(page.get_by_text(f"there is no engine socket at {nowhere}")).to_be_visible()
        expect(page.get_by_role("link", name="<img src=x onerror=alert(1)> & more")).to_be_visible()
        expect(page.get_by_text("1 mission cannot be read")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") == NARROW[0]
        assert complaints(page) == []
        picture(page, "missions-narrow-dark")
        page.goto(f"{house.address}/?view=projects")
        expect(page.get_by_text("not linked")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") == NARROW[0]


def test_a_long_list_is_sent_in_pieces(home: Home, browser: Browser) -> None:
    first = stand(home, "first-of-all")
    for number in range(120):
        stand(home, f"number-{number}", updated_at=replace(first).updated_at)
    with served() as house, tab(browser, house) as page:
        expect(page.locator("#missions tbody tr")).to_have_count(100)
        page.get_by_role("link", name="Show 21 more").click()
        expect(page.locator("#missions tbody tr")).to_have_count(121)
        page.keyboard.press("/")
        page.keyboard.type("first-of")
        expect(page.locator("#missions tbody tr")).to_have_count(1)
