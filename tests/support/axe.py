"""What axe finds wrong with a page for people who do not see it, or do without a mouse."""

from __future__ import annotations

from functools import cache
from typing import Any

from playwright.sync_api import Page

from tests.support.documents import ROOT


@cache
def _source() -> str:
    return (ROOT / "tests/data/axe/axe.min.js").read_text(encoding="utf-8")


def complaints(page: Page, within: str | None = None) -> list[str]:
    """One line each, of the whole page or of what the selector names.

    The page's own policy lets no script in, so that it is evaluated from outside.
    """
    page.evaluate(_source())
    found: dict[str, Any] = page.evaluate("(place) => axe.run(place ?? document)", within)
    return [f"{each['id']}: {node['html'][:160]}" for each in found["violations"] for node in each["nodes"]]
