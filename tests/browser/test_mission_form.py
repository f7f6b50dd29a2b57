"""A mission is written down in the browser, and nothing that was typed is lost on the way."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, expect

from scopecraft.missions.finding import all_missions
from tests.support.axe import complaints
from tests.support.browser import picture, tab
from tests.support.missions import make_desk
from tests.support.served import served


def test_a_failure_and_a_reload_lose_nothing_and_a_file_becomes_the_text(tmp_path: Path, browser: Browser) -> None:
    desk = make_desk(tmp_path)
    taken = desk.mission("fix-login")
    (tmp_path / "idea.md").write_text("# Faster search\n\nIt takes **too** long – sic.\n")
    (tmp_path / "picture.md").write_bytes(b"\xff\xfe\x00")
    with served() as house, tab(browser, house) as page:
        page.keyboard.press("n")
        page.wait_for_url("**/new")
        page.get_by_role("button", name="Create mission").click()
        expect(page.locator("#why-title")).to_have_text("Title is required")
        expect(page.get_by_label("Title")).to_be_focused()
        expect(page.locator("#why-rawInput")).to_have_text("Say what is to be done")

        page.get_by_label("Title").fill("Fix login")
        page.get_by_label("What is to be done").fill("It fails at night.")
        page.get_by_label("One shot").check()
        page.get_by_label("Begin at once").uncheck()
        page.keyboard.press("Control+Enter")
        expect(page.get_by_role("alert")).to_contain_text(f"{taken.slug} is there already")
        assert complaints(page) == []
        picture(page, "new-mission")
        page.reload()
        expect(page.get_by_label("What is to be done")).to_have_value("It fails at night.")
        expect(page.get_by_label("One shot")).to_be_checked()

        page.get_by_label("Title").fill("")
        page.get_by_label("What is to be done").fill("")
        page.locator("[data-file]").set_input_files(tmp_path / "picture.md")
        expect(page.get_by_text("picture.md is no text")).to_be_visible()
        page.locator("[data-file]").set_input_files(tmp_path / "idea.md")
        expect(page.get_by_label("Title")).to_have_value("Faster search")
        page.get_by_label("Title").press("Control+Enter")
        page.wait_for_url("**/m/m-*")
        expect(page.get_by_role("heading", name="Faster search")).to_be_visible()
        page.goto(f"{house.address}/new")
        expect(page.get_by_label("What is to be done")).to_have_value("")
    made = next(each for each in all_missions(desk.home)[0] if each.slug == "faster-search")
    assert (made.workflow_id, made.status) == ("oneshot", "ready")


def test_a_workflow_that_nobody_confirmed_says_by_which_command_it_is(tmp_path: Path, browser: Browser) -> None:
    desk = make_desk(tmp_path)
    (desk.folder / "workflows").mkdir()
    (desk.folder / "workflows" / "ours.workflow.json").write_text(
        '{"workflow_id": "ours", "name": "Our own", "description": "As we do it here.",'
        ' "steps": [{"step_id": "build", "name": "Look", "type": "human-gate"}]}'
    )
    with served() as house, tab(browser, house) as page:
        page.goto(f"{house.address}/new")
        page.get_by_label("Our own").check()
        expect(page.get_by_text("As we do it here.")).to_be_visible()
        expect(page.get_by_text("sc config trust --workflow ours --project shop")).to_be_visible()
        page.get_by_label("Title").fill("Try it")
        page.get_by_label("What is to be done").fill("something")
        page.get_by_label("Begin at once").uncheck()
        page.keyboard.press("Control+Enter")
        expect(page.get_by_role("alert")).to_contain_text("is not confirmed")
        desk.done("config", "trust", "--workflow", "ours", "--project", "shop", "--yes")
        page.get_by_role("button", name="Create mission").click()
        page.wait_for_url("**/m/m-*")
