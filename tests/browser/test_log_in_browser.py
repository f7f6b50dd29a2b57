"""A person reads the log of a session: what is new arrives, what is old is found, and nothing in it is carried out."""

from __future__ import annotations

import os
import re

import orjson
from playwright.sync_api import Browser, Page, expect

from scopecraft.config.paths import Home
from scopecraft.model.mission import Mission
from scopecraft.model.session import Ended, Running, Session
from scopecraft.sessions.context import Context
from scopecraft.state.store import Store
from tests.support.browser import NARROW, picture, tab
from tests.support.served import served
from tests.support.sessions import LATER, ended, running
from tests.support.standing_missions import a_run, stand

HOSTILE = "<img src=x onerror=document.title='gone'><script>document.title='gone'</script>\x1b]52;c;aGk=\x07 end"


def says(words: str) -> bytes:
    return orjson.dumps({"type": "assistant", "message": {"content": [{"type": "text", "text": words}]}}) + b"\n"


def runs(call: str, command: str, printed: str, *, failed: bool = False) -> bytes:
    tool = {"type": "tool_use", "id": call, "name": "Bash", "input": {"command": command, "description": "the tests"}}
    result = {"type": "tool_result", "tool_use_id": call, "content": printed, "is_error": failed}
    records = (
        {"type": "assistant", "message": {"content": [tool]}},
        {"type": "user", "message": {"content": [result]}},
    )
    return b"".join(orjson.dumps(record) + b"\n" for record in records)


def a_session(home: Home, mission: Mission, data: bytes, status: Running | Ended | None = None) -> Session:
    with Store.open(home.root) as store:
        session = a_run(store, mission, "build")
        folder = Context(home, os.environ).folder(session.id)
        folder.make()
        folder.stream.write_bytes(data)
        if status is not None:
            kind = "session_ended" if isinstance(status, Ended) else "session_started"
            assert store.move(session.id, status, kind, LATER) is not None
    return session


def append(home: Home, session: Session, data: bytes) -> None:
    with (home.sessions / session.id / "stream.jsonl").open("ab") as stream:
        stream.write(data)


def is_at_end(page: Page) -> bool:
    scroll = "const each = document.querySelector('[data-scroll]');"
    return bool(
        page.evaluate(f"() => {{ {scroll} return each.scrollHeight - each.scrollTop - each.clientHeight < 30 }}")
    )


def test_a_log_is_followed_left_searched_and_followed_again(home: Home, browser: Browser) -> None:
    mission = stand(home, "fix-login", "research", "review")
    old = b"".join(says(f"word number {number}") for number in range(1500))
    session = a_session(home, mission, says("the needle") + old + says(HOSTILE), running())
    with served() as house, tab(browser, house, theme="dark") as page:
        page.goto(f"{house.address}/m/{mission.id}")
        rows = page.locator(".row")
        expect(rows.last).to_contain_text("onerror=")
        append(home, session, runs("t1", "pytest -q", "PASSED one\nFAILED two", failed=True))
        expect(rows.last).to_contain_text("FAILED two")
        assert is_at_end(page)
        page.get_by_role("button", name="pytest -q").click()
        expect(page.locator(".row .full")).to_contain_text("description: the tests")
        picture(page, "log-followed")

        page.keyboard.press("k")  # a person who goes up is not taken away from there
        page.locator("[data-scroll]").evaluate("each => each.scrollTop = 2000")
        expect(page.get_by_label("follow the end")).not_to_be_checked()
        append(home, session, says("first new") + says("second new"))
        expect(page.get_by_role("button", name="2 new")).to_be_visible()
        assert not is_at_end(page)
        page.get_by_role("button", name="2 new").click()
        expect(rows.last).to_be_in_viewport()
        expect(page.get_by_label("follow the end")).to_be_checked()
        append(home, session, b"".join(says(f"more {number}") for number in range(700)))
        expect(rows.last).to_contain_text("more 699")
        assert rows.count() <= 300

        page.keyboard.press("/")
        page.keyboard.type("NEEDLE")
        expect(rows).to_have_count(1)
        expect(page.locator(".row mark")).to_have_text("needle")
        page.keyboard.press("Escape")
        page.keyboard.press("e")
        expect(rows).to_have_count(1)
        expect(rows).to_contain_text("FAILED two")
        page.keyboard.press("e")
        expect(rows.last).to_contain_text("more 699")

        with Store.open(home.root) as store:
            store.move(session.id, ended(), "session_ended", LATER)
        expect(page.locator(".talk.ended")).to_contain_text("completed")
        expect(page).to_have_title(re.compile("Fix login · scopecraft$"))  # and not what the agent wanted

        another = a_session(home, mission, says("I try again"), running())
        expect(rows).to_have_count(1)  # whoever did not choose a session sees the one that is at work
        append(home, another, says("and it works"))
        expect(rows.last).to_contain_text("and it works")


def test_older_rows_come_as_one_scrolls_up_until_the_first(home: Home, browser: Browser) -> None:
    mission = stand(home, "fix-login", "research", "review")
    log = b"".join(says(f"word number {number}") for number in range(900)) + b"\xff\xfe{ \x1b[2J rubbish\n"
    a_session(home, mission, log, ended())
    with served() as house, tab(browser, house, size=NARROW) as page:
        page.goto(f"{house.address}/m/{mission.id}/log")
        rows = page.locator(".row")
        expect(rows.last).to_contain_text("not a record")
        expect(rows.last).to_contain_text("\\x1b[2J")
        scroll = page.locator("[data-scroll]")
        while rows.first.locator(".text").text_content() != "word number 0":
            before = rows.count()
            scroll.evaluate("each => each.scrollTop = 0")
            expect(rows).not_to_have_count(before)
        shown = page.locator(".row.message .text").all_text_contents()
        assert shown == [f"word number {number}" for number in range(900)]
        assert page.evaluate("document.documentElement.scrollWidth") <= NARROW[0]
