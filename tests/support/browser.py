"""A real Chromium, let into a served home; what it showed at the end is kept as a picture of the run."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.support.documents import ROOT

PICTURES = ROOT / ".cache" / "screenshots"
WIDE, NARROW = (1280, 800), (390, 844)


class House(Protocol):
    """Whatever has pages, and lets a browser in by a link."""

    @property
    def address(self) -> str: ...
    def link(self, page: str = "/") -> str: ...


@contextmanager
def chromium() -> Iterator[Browser]:
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert program, "these tests need Chromium: apt-get install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def tab(browser: Browser, house: House, *, size: tuple[int, int] = WIDE, theme: str = "light") -> Iterator[Page]:
    """A tab of a browser of its own, let in; no request may go to any other host, and no script may fail."""
    scheme = "dark" if theme == "dark" else "light"
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
    context.set_default_timeout(15_000)
    page = context.new_page()
    strangers: list[str] = []
    faults: list[str] = []
    page.on("request", lambda each: None if _is_ours(each.url, house) else strangers.append(each.url))
    page.on("pageerror", lambda each: faults.append(str(each)))
    try:
        page.goto(house.link())
        page.wait_for_url(f"{house.address}/")
        yield page
        assert not strangers, f"the page asked other hosts: {strangers}"
        assert not faults, f"scripts of the page failed: {faults}"
    finally:
        context.close()


def _is_ours(url: str, house: House) -> bool:
    return url.startswith((house.address, house.address.replace("http", "ws", 1), "data:", "blob:"))


def press_looked_at(page: Page, key: str) -> None:
    """As a person does, who has seen what the key agrees to: one that has just come is too new for a moment."""
    expect(page.locator(f'[data-keys="{key}"][data-look-first]')).not_to_have_attribute("data-fresh", "")
    page.keyboard.press(key)


def picture(page: Page, name: str) -> Path:
    """Keep what the page shows."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    file = PICTURES / f"{name}.png"
    page.screenshot(path=file)
    return file
