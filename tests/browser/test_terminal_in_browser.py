"""A terminal in a real browser: looked at, typed into, fought over, lost and found."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from playwright.sync_api import Browser, Page, expect

from scopecraft.config.paths import Home
from scopecraft.executors.pty_client import Size
from scopecraft.executors.window_viewer import window_size
from scopecraft.model.handle import Exited
from scopecraft.model.mission import Mission
from tests.support.axe import complaints
from tests.support.browser import NARROW, picture, tab
from tests.support.engine import unavailable
from tests.support.served import DEFAULT, Served, served
from tests.support.shown_windows import Windows
from tests.support.tmux import tmux
from tests.support.wait import until

pytestmark = pytest.mark.tmux
ECHO = ["/bin/sh", "-c", 'stty -echo; echo ready; while read line; do echo "<$line>"; done']


@pytest.fixture
def windows(home: Home, clean_environment: Path) -> Iterator[Windows]:
    if shutil.which("tmux") is None:
        unavailable("tmux is not installed")
    found = Windows(home, clean_environment / "run")
    yield found
    found.close()


@pytest.fixture
def house(home: Home) -> Iterator[Served]:
    with served() as found:
        yield found


def look(page: Page, house: Served, mission: Mission) -> None:
    page.goto(f"{house.address}/m/{mission.id}/terminal")
    expect(page.locator("[data-who]")).to_have_text("read-only")
    shows(page, "ready")


def shown(page: Page) -> str:
    rows = page.locator(".xterm-rows").evaluate("(rows) => [...rows.children].map((each) => each.textContent)")
    return "\n".join(rows).replace("\u00a0", " ")


def shows(page: Page, text: str) -> None:
    try:
        until(lambda: text in shown(page))
    except AssertionError:
        raise AssertionError(f"no {text!r} in the terminal:\n{shown(page)}") from None


def take(page: Page) -> None:
    page.keyboard.press("t")
    expect(page.locator("[data-who]")).to_have_text("you write")


def paste(page: Page, text: str) -> None:
    page.evaluate(
        """(text) => {
            const data = new DataTransfer();
            data.setData("text/plain", text);
            const paste = new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true });
            document.querySelector(".xterm-helper-textarea").dispatchEvent(paste);
        }""",
        text,
    )


def test_a_person_looks_on_takes_control_types_pastes_and_gives_it_back(
    house: Served, windows: Windows, browser: Browser
) -> None:
    mission, _, handle = windows.open(ECHO)
    with tab(browser, house) as page:
        look(page, house, mission)
        page.locator("[data-screen]").click()
        page.keyboard.type("xyz")
        take(page)
        page.keyboard.type("grüße 漢字 🙂")
        page.keyboard.press("Enter")
        shows(page, "<grüße 漢字 🙂>")
        paste(page, "one\ntwo ä\nthree\n")
        for line in ("<one>", "<two ä>", "<three>"):
            shows(page, line)
        paste(page, "safe\x1b[201~\x03 too\n")
        shows(page, "<safe[201~ too>")  # what ends a paste does so from without only
        picture(page, "terminal-taken")
        assert complaints(page) == []
        wide = window_size(handle)
        assert wide != Size(200, 50), "the window fills the place"
        page.set_viewport_size({"width": 700, "height": 600})
        until(lambda: window_size(handle).columns < wide.columns, what="the window follows the browser")
        page.keyboard.press("Control+Shift+Enter")
        expect(page.locator("[data-who]")).to_have_text("read-only")
        expect(page.locator("[data-take]")).to_be_focused()
        page.keyboard.press("x")
        page.keyboard.press("h")
        expect(page.get_by_role("dialog")).to_contain_text("<three>")
        assert "xyz" not in tmux(handle.socket, "capture-pane", "-p", "-S", "-", "-t", handle.pane_id)


def test_a_second_tab_is_told_who_writes_and_may_take_over(house: Served, windows: Windows, browser: Browser) -> None:
    mission, _, _ = windows.open(ECHO)
    with tab(browser, house, theme="dark") as one, tab(browser, house, size=NARROW) as other:
        look(one, house, mission)
        look(other, house, mission)
        take(one)
        expect(other.locator("[data-said]")).to_contain_text("Chrome on Linux writes since")
        other.keyboard.press("t")
        expect(other.get_by_role("dialog")).to_contain_text("Take over?")
        picture(other, "terminal-taken-over")
        assert other.evaluate("document.documentElement.scrollWidth") <= NARROW[0]
        other.get_by_role("button", name="Take over").click()
        expect(other.locator("[data-who]")).to_have_text("you write")
        expect(one.locator("[data-who]")).to_have_text("read-only")
        expect(one.get_by_text("your keys reach the agent no more")).to_be_visible()
        one.keyboard.type("xyz")
        other.keyboard.type("mine")
        other.keyboard.press("Enter")
        shows(one, "<mine>")
        other.close()
        expect(one.locator("[data-said]")).to_have_text("")


def test_a_lost_connection_comes_back_with_the_whole_screen_and_control(windows: Windows, browser: Browser) -> None:
    mission, _, handle = windows.open(ECHO)
    with ExitStack() as first, ExitStack() as rest:
        house = first.enter_context(served())
        as_it_was = SimpleNamespace(address=house.address, link=house.link)  # also when it is gone
        page = rest.enter_context(tab(browser, cast(Served, as_it_was)))
        look(page, house, mission)
        take(page)
        page.keyboard.type("before")
        page.keyboard.press("Enter")
        shows(page, "<before>")
        page.evaluate("document.querySelector('sc-terminal').isSameElement = true")
        port = house.surface.port
        first.close()
        expect(page.locator("[data-who]")).to_have_text("connection lost")
        tmux(handle.socket, "send-keys", "-t", handle.pane_id, "meanwhile", "Enter")
        with served(replace(DEFAULT, port=port)):
            expect(page.locator("[data-who]")).to_have_text("you write", timeout=20_000)
            shows(page, "<meanwhile>")
            shows(page, "<before>")
            page.keyboard.type("after")
            page.keyboard.press("Enter")
            shows(page, "<after>")
            assert page.evaluate("document.querySelector('sc-terminal').isSameElement")


def test_what_an_agent_prints_reaches_neither_clipboard_nor_title_and_its_end_is_told(
    house: Served, windows: Windows, browser: Browser
) -> None:
    hostile = "printf '\\033]52;c;c3RvbGVu\\007\\033]2;stolen\\007\\033[8;5;5t\\033[21t\\033]0;20x5 1\\007'"
    script = f"echo ready; read line; {hostile}; echo done; read line; echo last words; read line; exit 3"
    mission, session, handle = windows.open(["/bin/sh", "-c", script])
    with tab(browser, house) as page:
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page.goto(f"{house.address}/sessions/{session.id}")
        shows(page, "ready")
        expect(page.locator("[data-who]")).to_have_text("read-only")
        assert complaints(page) == []
        page.evaluate("navigator.clipboard.writeText('mine')")
        take(page)
        page.keyboard.press("Enter")
        shows(page, "done")
        assert page.evaluate("navigator.clipboard.readText()") == "mine"
        assert "stolen" not in page.title()
        assert window_size(handle).columns > 20
        page.keyboard.press("Enter")
        shows(page, "last words")
        page.keyboard.press("Enter")
        until(lambda: isinstance(windows.executor.look(handle), Exited))
        windows.settle(mission)
        expect(page.get_by_role("heading", name="The window is closed")).to_be_visible()
        expect(page.locator(".terminal-last")).to_contain_text("last words")
        picture(page, "terminal-ended")
        assert complaints(page) == []


def test_where_there_is_no_window_the_page_says_what_to_do(house: Served, windows: Windows, browser: Browser) -> None:
    alone, idle = windows.alone("works-alone"), windows.idle("nothing-yet")
    with tab(browser, house) as page:
        page.goto(f"{house.address}/m/{idle.id}/terminal")
        expect(page.get_by_role("heading", name="No terminal")).to_be_visible()
        page.goto(f"{house.address}/m/{alone.id}/terminal")
        expect(page.get_by_role("button", name="Take over")).to_be_visible()
        page.keyboard.press("t")
        page.get_by_role("dialog").get_by_role("button", name="Take over").click()
        expect(page.locator("[data-toasts]")).not_to_be_empty()  # there is nothing real to take over
