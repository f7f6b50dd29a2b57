"""At a gate in the browser: exactly what is shown is approved, and what is sent back has its reason."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.support.axe import complaints
from tests.support.browser import NARROW, picture, press_looked_at, tab
from tests.support.gated import Gated, gated
from tests.support.missions import make_desk
from tests.support.repos import git
from tests.support.served import served


@pytest.fixture
def waiting(tmp_path: Path) -> Gated:
    return gated(make_desk(tmp_path)).at_plan()


def test_what_has_changed_since_it_was_shown_is_not_approved(waiting: Gated, browser: Browser) -> None:
    with served() as house, tab(browser, house) as page:
        page.keyboard.press("a")
        page.wait_for_url(f"**/m/{waiting.id}/files/plan.md")
        expect(page.locator("#tab")).to_contain_text("the plan")
        expect(page.locator("[data-tabs] [aria-current]")).to_contain_text("Files")
        assert complaints(page) == []
        picture(page, "mission-gate")
        first = page.locator("#gate .approved .mono").inner_text()
        waiting.write("plan.md", "another plan\n")
        press_looked_at(page, "a")
        expect(page.get_by_text("plan.md has changed since you were shown it")).to_be_visible()
        expect(page.locator("#gate .approved .mono")).not_to_have_text(first)
        assert waiting.mission.state("review-plan").phase == "pending"  # type: ignore[union-attr]
        press_looked_at(page, "a")
        expect(page.locator("#step-review-plan")).to_contain_text("approved by")
        expect(page.locator("#gate")).not_to_contain_text("Approve")


PRESS_AT_ONCE = """new MutationObserver((_, watch) => {
  watch.disconnect();
  for (const repeat of [false, true]) document.dispatchEvent(new KeyboardEvent("keydown", { key: "a", repeat }));
  window.isPressed = true;
}).observe(document, { subtree: true, attributeFilter: ["data-fresh"] })"""


def test_a_key_that_was_on_its_way_approves_nothing_that_has_just_come(waiting: Gated, browser: Browser) -> None:
    with served() as house, tab(browser, house) as page:
        page.add_init_script(PRESS_AT_ONCE)
        page.goto(f"{house.address}/m/{waiting.id}")
        page.wait_for_function("window.isPressed")
        expect(page.locator("#approve")).not_to_have_attribute("data-fresh", "")
        assert waiting.mission.state("review-plan").phase == "pending"  # type: ignore[union-attr]
        press_looked_at(page, "a")
        expect(page.locator("#step-review-plan")).to_contain_text("approved by")


def test_a_code_review_shows_what_runs_here_and_asks_about_loose_work(waiting: Gated, browser: Browser) -> None:
    from scopecraft.sessions.gate_content import gate_of
    from scopecraft.sessions.gates import approve

    approve(waiting.context, waiting.id, gate_of(waiting.context, waiting.mission).seen, "ann")
    (waiting.worktree / "Makefile").write_text("all:\n\ttrue\n")
    git(waiting.worktree, "add", "-A")
    git(waiting.worktree, "commit", "--quiet", "-m", "build")
    (waiting.worktree / "loose.txt").write_text("x")
    waiting.do("build")
    with served() as house, tab(browser, house, size=NARROW, theme="dark") as page:
        page.goto(f"{house.address}/m/{waiting.id}")
        expect(page.locator("#host-files")).to_contain_text("Makefile")
        assert page.evaluate("document.documentElement.scrollWidth") == NARROW[0]
        assert complaints(page) == []
        picture(page, "mission-gate-narrow-dark")
        expect(page.locator("#step-review-code")).to_be_visible()
        expect(page.locator("#step-review-plan")).to_be_hidden()
        page.get_by_role("button", name="All 4 steps").click()
        expect(page.locator("#step-review-plan")).to_contain_text("approved by ann")
        press_looked_at(page, "a")
        expect(page.get_by_text("Say first what becomes of what is not committed")).to_be_visible()
        page.get_by_label("take it into a commit of mine").check()
        page.get_by_role("button", name="Approve").click()
        expect(page.locator("#step-review-code")).to_contain_text("approved by")
        assert "loose.txt" in git(waiting.worktree, "show", "--name-only", "--format=", "HEAD")


def test_what_is_sent_back_has_the_reason_and_the_comments(waiting: Gated, browser: Browser) -> None:
    with served() as house, tab(browser, house) as page:
        page.goto(f"{house.address}/m/{waiting.id}")
        page.evaluate(
            "id => sessionStorage.setItem(`comments:${id}`, JSON.stringify([{file: 'a.py', line: 3, text: 'why?'}]))",
            waiting.id,
        )
        page.reload()
        expect(page.locator("#gate")).to_contain_text("1 comment goes into the reason")
        page.keyboard.press("r")
        reason = page.get_by_label("Reason, with your comments")
        expect(reason).to_have_value("a.py:3: why?")
        reason.press("End")
        reason.type("\nand it leaves out the tests")
        reason.press("Control+Enter")
        expect(page.locator("#step-review-plan")).to_contain_text("rejected by")
        feedback = waiting.mission.state("plan").feedback  # type: ignore[union-attr]
        assert feedback == ("a.py:3: why?\nand it leaves out the tests",)
        assert page.evaluate("id => sessionStorage.getItem(`comments:${id}`)", waiting.id) is None
