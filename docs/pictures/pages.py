"""The pages of the running supervisor, as a real Chromium shows them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import scenes
from playwright.sync_api import Browser, Page, expect, sync_playwright
from small_png import smaller
from stage import HERE, call, mission
from week import slug_of

WIDE, NARROW = (1280, 800), (390, 844)


def take_usage(browser: Browser) -> None:
    with _tab(browser, "dark") as page:
        page.keyboard.press("g")
        page.keyboard.press("u")
        expect(page.locator("[data-picture] canvas")).to_be_visible()
        _keep(page, "usage")


def take_pages(browser: Browser) -> None:
    with _tab(browser, "dark") as page:
        _log(page)
    with _tab(browser, "light") as page:
        _missions(page)
        _gate(page)
        _diff(page)
    _narrow(browser)


def _missions(page: Page) -> None:
    page.keyboard.press("+")  # the complete ones too
    expect(page.get_by_role("link", name="Invoices as PDF")).to_be_visible()
    _keep(page, "missions")


def _gate(page: Page) -> None:
    _open(page, scenes.SEARCH)
    page.keyboard.press("2")
    page.get_by_role("link", name="plan.md").first.click()
    page.get_by_role("link", name="Difference").click()
    expect(page.get_by_text("never with two").first).to_be_visible()
    _keep(page, "gate")


def _diff(page: Page) -> None:
    _open(page, scenes.TOML)
    page.keyboard.press("3")
    expect(page.get_by_text("Makefile").first).to_be_visible()
    _keep(page, "diff")


def _log(page: Page) -> None:
    _open_log(page)
    _keep(page, "log")


def _open_log(page: Page) -> None:
    _open(page, scenes.LIMITER)
    expect(page.get_by_text("Three of three").first).to_be_visible(timeout=60_000)


def _narrow(browser: Browser) -> None:
    with _tab(browser, "light", NARROW) as page:
        _keep(page, "narrow-missions")
    with _tab(browser, "dark", NARROW) as page:
        _open_log(page)
        _keep(page, "narrow-log")


@contextmanager
def chromium() -> Iterator[Browser]:
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not program:
        raise SystemExit("the pictures of pages need Chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def _tab(browser: Browser, theme: str, size: tuple[int, int] = WIDE) -> Iterator[Page]:
    """Let in as a person is: by the link of `sc open`."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if theme == "dark" else "light",
        timezone_id="UTC",
        locale="en-GB",
        reduced_motion="reduce",
    )
    page = context.new_page()
    link = call("sc", "open", "--print").strip()
    page.goto(link)
    page.wait_for_url(f"{link.partition('/login')[0]}/")
    try:
        yield page
    finally:
        context.close()


def _open(page: Page, title: str) -> None:
    address = "/".join(page.url.split("/")[:3])
    page.goto(f"{address}/m/{mission(slug_of(title))['mission_id']}")
    expect(page.get_by_role("heading", name=title)).to_be_visible()


def _keep(page: Page, name: str) -> None:
    page.evaluate("document.fonts.ready")
    page.wait_for_load_state("networkidle")
    (HERE / f"{name}.png").write_bytes(smaller(page.screenshot()))
