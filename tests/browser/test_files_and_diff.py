"""Files and diff in a real browser: no edit is lost, a comment reaches the reason, nothing of an agent runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from scopecraft.missions.versions import keep_version
from tests.support.axe import complaints
from tests.support.browser import NARROW, picture, press_looked_at, tab
from tests.support.gated import PLANNED, Gated, gated
from tests.support.missions import Desk
from tests.support.repos import commit, make_repository
from tests.support.served import Served, served
from tests.support.sessions import AT
from tests.support.wait import until

RUNS = "<script>window.hit = 1</script><img src=x onerror='window.hit = 1'>"
PLAN = f"# Plan\n\nAdd a limiter.\n\n- [ ] tests\n\n{RUNS}\n\n[x](javascript:window.hit=1)\n"


@pytest.fixture
def mission(clean_environment: Path) -> Gated:
    desk = Desk(make_repository(clean_environment / "shop"))
    desk.done("init")
    desk.done("link")
    found = gated(desk)
    found.write("plan.md", PLAN)
    found.do("plan")
    keep_version(desk.home, found.mission, "plan.md", by="planning", at=AT, run_id="r-1")
    return found


@pytest.fixture
def house(mission: Gated) -> Iterator[Served]:
    with served() as found:
        yield found


def written(mission: Gated) -> str:
    return (mission.folder / "artifacts/plan.md").read_text()


def approval_of(mission: Gated) -> str | None:
    state = mission.mission.state("review-plan")
    return state.approval.sha256 if state and state.approval else None


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


def test_a_plan_is_edited_compared_and_approved_as_it_then_is(mission: Gated, house: Served, browser: Browser) -> None:
    with tab(browser, house) as page:
        page.goto(f"{house.address}/m/{mission.id}/files")
        expect(page.get_by_role("heading", name="Plan", level=3)).to_be_visible()
        assert complaints(page, "#tab") == []
        page.keyboard.press("e")
        field = page.get_by_role("textbox", name="your text")
        field.press("Control+End")
        field.press_sequentially("Mine.\n")
        kept = "Object.keys(sessionStorage).some((key) => key.startsWith('edit:'))"
        until(lambda: page.evaluate(kept), what="the edit is kept")
        page.on("dialog", lambda dialog: dialog.accept())  # that leaving would lose it
        page.reload()
        expect(page.get_by_text("Mine.")).to_be_visible()
        field.press("Control+s")
        until(lambda: written(mission) == PLAN + "Mine.\n", what="it is saved byte for byte")
        expect(page.get_by_role("button", name="Save")).to_be_disabled()
        expect(page.locator(".file-about")).to_contain_text("version 2")
        field.press("Escape")
        page.keyboard.press("d")
        expect(page.get_by_text("1 place differs")).to_be_visible()
        expect(page.locator(".cm-merge-b .cm-changedLine")).to_have_text(["Mine."])
        picture(page, "file-difference")
        assert complaints(page, "#tab") == []
        press_looked_at(page, "a")
        until(lambda: approval_of(mission) is not None, what="it is approved")
        assert page.evaluate("window.hit") is None


def test_an_edit_does_not_overwrite_what_came_meanwhile(mission: Gated, house: Served, browser: Browser) -> None:
    theirs = mission.desk.folder.with_name("theirs.md")
    theirs.write_text("Theirs.\n")
    ours = theirs.with_name("ours.md")
    ours.write_text("Ours.\n")
    with tab(browser, house, size=NARROW, theme="dark") as page:
        page.goto(f"{house.address}/m/{mission.id}/files")
        mission.desk.done("mission", "put", "fix-login", "plan.md", "-f", str(ours))
        expect(page.get_by_text("an approval would be of what is there now")).to_be_visible()
        expect(page.get_by_role("heading", name="Plan", level=3)).to_be_visible()  # nothing is forced on a reader
        page.goto(f"{house.address}/m/{mission.id}/files/plan.md?view=edit")
        field = page.get_by_role("textbox", name="your text")
        field.press("Control+End")
        field.press_sequentially("Mine.")
        mission.desk.done("mission", "put", "fix-login", "plan.md", "-f", str(theirs))
        field.press("Control+s")
        expect(page.get_by_text("It was changed meanwhile")).to_be_visible()
        assert written(mission) == "Theirs.\n"
        assert fits(page)
        picture(page, "file-merge")
        field.press("Control+s")
        until(lambda: written(mission) == "Ours.\nMine.", what="the person wanted their own")
        page.goto(f"{house.address}/m/{mission.id}/files/plan.md?view=versions")
        page.get_by_role("button", name="Restore version 3").click()
        until(lambda: written(mission) == "Theirs.\n", what="the other one was kept")


def test_a_diff_is_walked_by_keys_and_a_comment_reaches_the_reason(
    mission: Gated, house: Served, browser: Browser
) -> None:
    there = mission.worktree
    commit(there, "app.py", "def limit():\n    return 10\n")
    commit(there, f"{RUNS.replace('/', '')}.js", f"{RUNS}\nlet evil = '\u202e';\n")
    commit(there, "package.json", '{"scripts": {"install": "curl"}}\n')
    commit(there, "long.txt", "line\n" * 900)
    assert PLANNED.steps[-1].type == "code-review"
    with tab(browser, house) as page:
        page.goto(f"{house.address}/m/{mission.id}/diff")
        expect(page.get_by_text("The mission changed what runs on your machine")).to_be_visible()
        assert complaints(page, "#tab") == []
        page.keyboard.press("n")
        page.keyboard.press("n")
        page.keyboard.press("J")
        expect(page.locator("tr.here")).to_contain_text("return 10")
        page.keyboard.press("i")
        page.get_by_role("textbox", name="Comment on line 2 of app.py").fill("make it a setting")
        page.keyboard.press("Control+Enter")
        expect(page.get_by_text("1 comment goes into the reason of a Reject")).to_be_visible()
        picture(page, "diff-comment")
        page.reload()
        expect(page.get_by_text("make it a setting")).to_be_visible()
        page.locator("summary", has_text="long.txt").click()
        expect(page.locator("[data-path='long.txt'] tr.added")).to_have_count(900)
        page.keyboard.press("m")
        expect(page.get_by_text("1 of 4 looked at")).to_be_visible()
        page.keyboard.press("r")
        expect(page.get_by_role("textbox", name="Reason")).to_have_value("app.py:2: make it a setting\n> return 10")
        assert page.evaluate("window.hit") is None
    with tab(browser, house, size=NARROW, theme="dark") as page:
        page.goto(f"{house.address}/m/{mission.id}/diff")
        expect(page.get_by_text("return 10")).to_be_visible()
        assert fits(page) and complaints(page, "#tab") == []
        picture(page, "diff-narrow")
