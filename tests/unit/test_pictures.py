"""The pictures of README and docs: each is shown with words for who cannot see it, and light enough for a page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.documents import PAGES, ROOT, pictures

FOLDER = ROOT / "docs/pictures"
PICTURES = sorted((*FOLDER.glob("*.png"), *FOLDER.glob("*.svg")))
MOST_BYTES = {".png": 150_000, ".svg": 400_000}


@pytest.mark.parametrize("picture", PICTURES, ids=lambda path: path.name)
def test_a_picture_is_shown_somewhere_and_light(picture: Path) -> None:
    shown = {(page.parent / each.target).resolve() for page in PAGES for each in pictures(page.read_text("utf-8"))}
    assert picture in shown
    assert picture.stat().st_size <= MOST_BYTES[picture.suffix]


def test_each_picture_is_there_and_says_what_is_seen() -> None:
    found = [(page, each) for page in PAGES for each in pictures(page.read_text("utf-8"))]
    assert [each for page, each in found if not (page.parent / each.target).is_file()] == []
    assert [each for _, each in found if each.words is not None and len(each.words) < 20] == []


def test_a_recording_asks_no_other_place_runs_no_script_and_stands_still_for_who_wants_that() -> None:
    recording = (FOLDER / "terminal.svg").read_text("utf-8")
    assert "prefers-reduced-motion" in recording
    assert re.findall(r"<script|@import|url\(|\bon\w+=|(?:href|src)=\"[^#]", recording) == []
