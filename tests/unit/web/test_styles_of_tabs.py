"""The style of a tab comes when it is opened, and stays: it leaves alone what stands around all tabs."""

from __future__ import annotations

import re

import pytest

from tests.support.documents import ROOT

CSS = ROOT / "scopecraft/web/static/css"
SHARED = {"minus", "plus"}  # of lines, which are drawn alike everywhere


def classes(name: str) -> set[str]:
    style = re.sub(r"/\*.*?\*/", "", (CSS / f"{name}.css").read_text(encoding="utf-8"), flags=re.DOTALL)
    return set(re.findall(r"\.([a-z][a-z-]*)", style))


@pytest.mark.parametrize("tab", ["log", "files", "diff", "terminal", "usage", "markdown"])
def test_a_tab_does_not_style_the_page_around_it(tab: str) -> None:
    assert classes(tab) & classes("mission") <= SHARED | classes("base")
