"""What happens while a tab has no connection, or none yet, is seen in it all the same, and once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from playwright.sync_api import Browser, Route, expect

from scopecraft.config.paths import Home
from scopecraft.model import clock
from scopecraft.model.event import Event
from scopecraft.state.store import Store
from tests.support.browser import tab
from tests.support.command_line import PROGRAM, sc
from tests.support.served import Served, free_port, served
from tests.support.socket_client import heard, joined
from tests.support.standing_missions import stand
from tests.support.supervisors import running_supervisor
from tests.support.wait import until


@dataclass(frozen=True)
class Up:
    """A supervisor that answers at a port of its own."""

    address: str

    def link(self, page: str = "/") -> str:
        return sc("open", "--print", SCOPECRAFT_SUPERVISOR="").out.strip()


@contextmanager
def a_growing_journal(home: Home) -> Iterator[list[int]]:
    """An event every few milliseconds, by another process's connection; the numbers of those that were written."""
    written: list[int] = []
    is_over = threading.Event()

    def write() -> None:
        with Store.open(home.root) as store:
            while not is_over.wait(0.005):
                at, number = clock.to_text(clock.now()), len(written)
                store.append(Event(0, at, "queue_changed", data={"change": f"number {number}."}))
                written.append(number)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        yield written
    finally:
        is_over.set()
        writer.join()


def test_a_supervisor_that_was_killed_and_came_back_costs_a_tab_nothing(home: Home, browser: Browser) -> None:
    port = free_port()
    program = (*PROGRAM, "serve", "--port", str(port))
    house = Up(f"http://127.0.0.1:{port}")
    with running_supervisor(None, program) as first, tab(browser, house) as page:
        page.goto(f"{house.address}/journal")
        with a_growing_journal(home) as written:
            expect(page.get_by_text("number 20.", exact=False)).to_be_visible()
            first.kill()
            expect(page.get_by_text("The supervisor is gone")).to_be_visible()
            gone_at = len(written)
            with running_supervisor(None, program):
                expect(page.get_by_text("The supervisor is gone")).to_be_hidden()
                back_at = len(written)
                expect(page.get_by_text(f"number {back_at + 20}.")).to_be_visible()
                lines = page.locator(".journal .what").all_inner_texts()
    shown = [int(line.rpartition("number ")[2].partition(".")[0]) for line in lines if "number " in line]
    assert gone_at < back_at
    assert shown == list(range(shown[0], -1, -1))


def place_of(house: Served) -> int:
    """Where one begins who comes now."""
    with joined(house) as channel:
        return int(heard(channel, "hello")["seq"])


def test_what_happens_before_a_page_is_connected_is_seen_in_it(home: Home, browser: Browser) -> None:
    first = stand(home, "first", "research")
    with Store.open(home.root) as store, served() as house, tab(browser, house) as page:

        def too_early(route: Route) -> None:
            second = stand(home, "second", "research")
            store.append(Event(0, clock.to_text(clock.now()), "mission_created", mission_id=second.id))
            until(lambda: place_of(house) > 0, what="the server knows of it")
            route.continue_()

        page.route("**/js/main.js?*", too_early, times=1)  # the page is made by then, and nothing of it listens yet
        page.goto(f"{house.address}/")
        expect(page.get_by_role("link", name=first.title)).to_be_visible()
        expect(page.get_by_role("link", name="Second")).to_be_visible()
